"""Turn what people type for a date into the date: 2026.3.5, 2026年3月5日, 三月五日, 20260305, or Excel's own number."""

import datetime as dt
import re

from server_broker.sheets.cells import BadCell, text
from server_broker.sheets.spreadsheetml import Cell

_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of Excel's calendar, as it counts from March 1900 on."""
_SERIALS = range(20_000, 80_000)
"""1954 to 2119. A smaller number is more often a day, a year or an amount than a date."""
_PLAIN = re.compile(r"(\d{4})[-./年\s](\d{1,2})[-./月\s](\d{1,2})[日号]?", re.ASCII)
_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_WITHOUT_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]", re.ASCII)
_DIGITS = str.maketrans("〇○零一二三四五六七八九元", "0001234567891")
_TENS = re.compile(r"([二三])?十([一二三四五六七八九])?(?=[月日号])")
_AFTER = re.compile(r"(?:[ T]0?0:00(?::00)?(?:\.0+)?|\s*[(\[]?(?:星期|周)[一二三四五六日天][)\]]?)$")


def date(cell: Cell, *, year: int | None = None) -> dt.date:
    """Return the date of a date cell, of a number as Excel keeps dates, or of text.

    Args:
        year: Of a text that names none, such as 三月五日.

    Raises:
        BadCell: It is no date, there is no such day, or the year is missing.
    """
    value = cell.value
    if not cell.is_formula:  # `text` below refuses a formula
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool) and value in _SERIALS:
            return _EPOCH + dt.timedelta(days=int(value))
    return _of_text(text(cell, longest=40), year)


def _of_text(written: str, year: int | None) -> dt.date:
    plain = _in_digits(_AFTER.sub("", written).strip())
    if match := _PLAIN.fullmatch(plain) or _TOGETHER.fullmatch(plain):
        return _existing(int(match[1]), int(match[2]), int(match[3]))
    if match := _WITHOUT_YEAR.fullmatch(plain):
        if year is None:
            raise BadCell("没有写年份，请写成 2026-03-05 的样子")
        return _existing(year, int(match[1]), int(match[2]))
    if plain.isascii() and plain.isdigit() and int(plain) in _SERIALS:
        return _EPOCH + dt.timedelta(days=int(plain))
    raise BadCell("不是日期，请写成 2026-03-05 的样子")


def _in_digits(written: str) -> str:
    """Return a text with Chinese numerals as digits: 二〇二六年三月十五日 as 2026年3月15日."""

    def tens(match: re.Match[str]) -> str:
        return f"{match[1] or '一'}{match[2] or '〇'}"

    return _TENS.sub(tens, written.replace("廿", "二十")).translate(_DIGITS).replace(" ", "")


def _existing(year: int, month: int, day: int) -> dt.date:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise BadCell(f"年份不对：{year}")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise BadCell(f"没有 {year} 年 {month} 月 {day} 日这一天") from None
