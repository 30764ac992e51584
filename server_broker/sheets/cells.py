"""Turn what people type into Excel cells into the text, times and weekdays that they meant.

Every function raises `BadCell` with a Chinese reason; the caller knows the row and the column.
"""

import datetime as dt
import re
import unicodedata
from typing import Any

from protocol.plain_text import is_clean
from server_broker.sheets.spreadsheetml import Cell

MINUTES_A_DAY = 24 * 60
_EXACT_INTEGERS = 2**53
"""Below this a float holds every integer exactly (IEEE 754, binary64)."""
_POINT_ZERO = re.compile(r"(\d+)\.0+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_LIST_SEPARATORS = re.compile(r"[,、;/\s]+")
_DAYS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
_DAY_RUNS = {"每天": "1-7", "每日": "1-7", "工作日": "1-5", "周末": "6-7"}


class BadCell(Exception):
    """A cell does not hold what its column needs. The message is Chinese and continues the column's name."""


def text(cell: Cell, *, longest: int, as_typed: bool = False) -> str:
    """Return the cell's text in NFKC (full-width digits become plain ones), without blanks around it.

    Args:
        as_typed: As in `optional_text`.

    Raises:
        BadCell: The cell is empty, a formula, an error, a date, or longer than ``longest`` characters.
    """
    plain = optional_text(cell, longest=longest, as_typed=as_typed)
    if not plain:
        raise BadCell("为空")
    return plain


def optional_text(cell: Cell, *, longest: int, as_typed: bool = False) -> str:
    """Return the same as `text`, but an empty text for an empty cell.

    Args:
        as_typed: It is something to read, so a Chinese comma or bracket stays what it is.
    """
    if cell.is_formula:
        raise BadCell("是公式，请改成值（复制后“选择性粘贴—数值”）")
    if cell.is_error:
        raise BadCell(f"是错误值（{str(cell.value)[:16]}），请改成正确的内容")
    written = _written(cell.value).strip()
    # Judged before the text is normalised, which takes time. NFKC makes at most four characters into one.
    if len(written) > 4 * longest:
        raise BadCell(f"太长，最多 {longest} 个字")
    plain = written if as_typed else unicodedata.normalize("NFKC", written).strip()
    # Private-use characters: old Chinese input methods put rare name characters there, and only that computer has them.
    if any(unicodedata.category(letter) == "Co" for letter in plain):
        raise BadCell("含有别的电脑上显示不出的自造字，请换成标准汉字")
    # Two names that differ only by such a character look the same on screen.
    if not is_clean(plain):
        raise BadCell("含有看不见的字符，或一个字上叠了太多符号")
    if len(plain) > longest:
        raise BadCell(f"太长，最多 {longest} 个字")
    return plain


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):  # before int, because a bool is an int
        raise BadCell("应填文字，不是“是/否”")
    if isinstance(value, int | float):
        # An id of 12 digits that Excel keeps as a number. A NaN is not equal to itself.
        if value != value or not 0 <= value < _EXACT_INTEGERS or value != int(value):
            raise BadCell("是带小数或过大的数字，请把这一列设为“文本”再填")
        return str(int(value))
    if isinstance(value, str):
        return value
    raise BadCell("被 Excel 变成了日期，请把这一列设为“文本”再填")


def code(cell: Cell, *, longest: int) -> str:
    """Return an id: the same as `text`, but without the ``.0`` that some programs write after a number."""
    plain = text(cell, longest=longest)
    match = _POINT_ZERO.fullmatch(plain)
    return match[1] if match else plain


def card_number(cell: Cell) -> str:
    """Return a card's number as text.

    A number cell is refused even if its digits could be a card's. Excel may have dropped leading zeros, or turned
    ``123456E2`` into 12345600, which is another card.
    """
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        raise BadCell("被 Excel 存成了数字，前面的 0 可能已丢失。请把这一列设为“文本”再重新填写")
    return text(cell, longest=64)


def minute_of_day(cell: Cell) -> int:
    """Return minutes after midnight, 0 to 1440, of a time cell, a day fraction, or text such as ``08:30``."""
    value = cell.value
    if not cell.is_formula:  # `text` below refuses a formula
        if isinstance(value, dt.datetime):
            value = value.time()
        if isinstance(value, dt.time):
            return value.hour * 60 + value.minute
        if isinstance(value, dt.timedelta):
            return _within_a_day(round(value.total_seconds() / 60))
        if isinstance(value, float) and 0 <= value <= 1:
            return round(value * MINUTES_A_DAY)  # Excel keeps a time as a fraction of a day
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
        if run := re.fullmatch(r"([1-7])-([1-7])", part):
            # A run over the week's end, such as 6-2, is more often a slip than meant.
            if run[1] > run[2]:
                raise BadCell("星期的先后写反了")
            days.update(range(int(run[1]), int(run[2]) + 1))
        elif re.fullmatch(r"[1-7]{1,7}", part):
            days.update(map(int, part))
        else:
            raise BadCell("不认识，请写成 1-5 或 一、三、五")
    if not days:
        raise BadCell("没有写明星期几")
    return sorted(days)


def names(cell: Cell) -> list[str]:
    """Return the ids that one cell lists, separated by commas, blanks or new lines, in order and without repeats."""
    found = _LIST_SEPARATORS.split(code(cell, longest=4000))
    return list(dict.fromkeys(part for part in found if part))
