"""Turn what people put into Excel cells into the text, times and weekdays that they meant.

Every function raises `BadCell` with a Chinese reason; the caller knows the row and the column.
"""

import datetime as dt
import re
import unicodedata
from typing import Any

from server_broker.rosters.spreadsheetml import Cell

MINUTES_A_DAY = 24 * 60
_EXACT_INTEGERS = 2**53
_POINT_ZERO = re.compile(r"(\d+)\.0+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_LIST_SEPARATORS = re.compile(r"[,、;/\s]+")
_DAYS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
_DAY_RUNS = {"每天": "1-7", "每日": "1-7", "工作日": "1-5", "周末": "6-7"}


class BadCell(Exception):
    """A cell does not say what its column needs; the message is Chinese."""


def text(cell: Cell, *, longest: int) -> str:
    """Return the cell's text: NFKC (full-width digits become plain ones), trimmed, one line.

    Raises:
        BadCell: Empty, a formula, too long, or no text.
    """
    plain = optional_text(cell, longest=longest)
    if not plain:
        raise BadCell("为空")
    return plain


def optional_text(cell: Cell, *, longest: int) -> str:
    """As `text`, but an empty cell is an empty text."""
    if cell.is_formula:
        raise BadCell("是公式，请改成值（复制后“选择性粘贴—数值”）")
    if cell.is_error:
        raise BadCell(f"是错误值（{str(cell.value)[:16]}），请改成正确的内容")
    written = _written(cell.value).strip()
    if len(written) > 4 * longest:  # not to be normalised for nothing: no text shrinks so much by it
        raise BadCell(f"太长，最多 {longest} 个字")
    plain = unicodedata.normalize("NFKC", written).strip()
    if any(unicodedata.category(letter) == "Co" for letter in plain):
        raise BadCell("含有别的电脑上显示不出的自造字，请换成标准汉字")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in plain if letter not in "\n\t"):
        raise BadCell("含有看不见的字符")
    if len(plain) > longest:
        raise BadCell(f"太长，最多 {longest} 个字")
    return plain


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        raise BadCell("应填文字，不是“是/否”")
    if isinstance(value, int | float):
        return _digits_of(value)
    if isinstance(value, str):
        return value
    raise BadCell("被 Excel 变成了日期，请把这一列设为“文本”再填")


def _digits_of(number: float) -> str:
    """Return the digits of an id that Excel keeps as a number, such as 110101001001.0."""
    if number != number or not 0 <= number < _EXACT_INTEGERS or number != int(number):
        raise BadCell("是带小数或过大的数字，请把这一列设为“文本”再填")
    return str(int(number))


def code(cell: Cell, *, longest: int) -> str:
    """Return an id: as `text`, a trailing ``.0`` that some programs write taken off."""
    plain = text(cell, longest=longest)
    match = _POINT_ZERO.fullmatch(plain)
    return match[1] if match else plain


def card_number(cell: Cell) -> str:
    """Return a card's number as text.

    A number cell is refused even if its digits could be a card's: Excel has already dropped leading zeros,
    and ``123456E2`` has become 12345600, which is another card.
    """
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        raise BadCell("被 Excel 存成了数字，前面的 0 可能已丢失。请把这一列设为“文本”再重新填写")
    return text(cell, longest=64)


def minute_of_day(cell: Cell) -> int:
    """Return minutes after midnight, 0 to 1440, of a time cell, a day fraction, or text such as ``08:30``."""
    value = cell.value
    if not cell.is_formula:
        if isinstance(value, dt.datetime):
            value = value.time()
        if isinstance(value, dt.time):
            return value.hour * 60 + value.minute
        if isinstance(value, dt.timedelta):
            return _within_a_day(round(value.total_seconds() / 60))
        if isinstance(value, float) and 0 <= value <= 1:
            return round(value * MINUTES_A_DAY)
    match = _CLOCK.fullmatch(text(cell, longest=16))
    if match is None or int(match[2]) > 59:
        raise BadCell("不是时间，请写成 08:30 的样子")
    return _within_a_day(int(match[1]) * 60 + int(match[2]))


def _within_a_day(minutes: int) -> int:
    if not 0 <= minutes <= MINUTES_A_DAY:
        raise BadCell("不是一天之内的时间")
    return minutes


def weekdays(cell: Cell) -> list[int]:
    """Return ISO weekdays (Monday is 1), in order, of text such as ``1-5``, ``一、三、五`` or ``周一至周五``."""
    plain = code(cell, longest=40)
    plain = _DAY_RUNS.get(plain, plain)
    plain = re.sub(r"周|星期|礼拜", "", plain)
    plain = re.sub(r"[至到~—–]", "-", plain)
    for word, number in _DAYS.items():
        plain = plain.replace(word, str(number))
    days: set[int] = set()
    for part in filter(None, _LIST_SEPARATORS.split(re.sub(r"\s*-\s*", "-", plain))):
        days.update(_days_of(part))
    if not days:
        raise BadCell("没有写明星期几")
    return sorted(days)


def _days_of(part: str) -> range | list[int]:
    if match := re.fullmatch(r"([1-7])-([1-7])", part):
        if int(match[1]) > int(match[2]):
            raise BadCell("星期的先后写反了")
        return range(int(match[1]), int(match[2]) + 1)
    if re.fullmatch(r"[1-7]{1,7}", part):
        return [int(digit) for digit in part]
    raise BadCell("不认识，请写成 1-5 或 一、三、五")


def names(cell: Cell) -> list[str]:
    """Return the ids of a list in one cell, separated by commas, blanks or new lines, in order and without repeats."""
    found = _LIST_SEPARATORS.split(code(cell, longest=4000))
    return list(dict.fromkeys(part for part in found if part))
