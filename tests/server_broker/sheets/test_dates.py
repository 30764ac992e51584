"""A date is read however people write it, and what is none is refused in Chinese."""

import datetime as dt

import pytest

from server_broker.sheets.cells import BadCell
from server_broker.sheets.dates import date
from server_broker.sheets.spreadsheetml import Cell

FIFTH = dt.date(2026, 3, 5)


@pytest.mark.parametrize(
    "written",
    [
        *("2026.3.5", "2026-03-05", "2026/3/5", "2026年3月5日", "2026年3月5号", "20260305", "２０２６．３．５"),
        *("二〇二六年三月五日", "二○二六年3月5日", "三月五日", "3月5日", "2026-03-05 00:00:00", "2026-3-5 星期四"),
        *(
            "2026年3月5日（周四）",
            "46086",
            46086,
            46086.0,
            dt.datetime.combine(FIFTH, dt.time.min),
            dt.date(2026, 3, 5),
            20260305,
        ),
    ],
)
def test_every_way_to_write_a_date(written: str | float | dt.datetime) -> None:
    assert date(Cell(written), year=2026) == FIFTH


@pytest.mark.parametrize(
    ("written", "day"),
    [("十月十日", (10, 10)), ("十二月三十一日", (12, 31)), ("十一月二十日", (11, 20)), ("一月廿一日", (1, 21))],
)
def test_chinese_numerals(written: str, day: tuple[int, int]) -> None:
    assert date(Cell(written), year=2026) == dt.date(2026, *day)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026.2.29", "没有 2026 年 2 月 29 日这一天"),
        ("2026-13-01", "没有 2026 年 13 月 1 日这一天"),
        ("三月五日", "没有写年份"),
        ("春节", "不是日期"),
        ("2026.3", "不是日期"),
        ("0026-03-05", "年份不对"),
        (5, "不是日期"),
        (1e300, "过大的数字"),
        (True, "应填文字"),
        (None, "为空"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(written: str | float | None, said: str) -> None:
    with pytest.raises(BadCell, match=said):
        date(Cell(written))


def test_a_formula_is_refused() -> None:
    with pytest.raises(BadCell, match="公式"):
        date(Cell("2026-03-05", is_formula=True))
