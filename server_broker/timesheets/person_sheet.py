"""A person's month as a sheet to sign: a row for each window, and what they add up to."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from server_broker.attendance.times import clock
from server_broker.closing.month import PersonMonth, VillageMonth
from server_broker.settlement.counting import totals
from server_broker.settlement.results import Result
from server_broker.settlement.states import CLOSED
from server_broker.settling.own import places_of, words_of
from server_broker.settling.words import board_station, reason_words, totals_words
from server_broker.timesheets.charts import Calendar, calendar
from server_broker.timesheets.heads import put_title
from server_broker.timesheets.lines import mark_of
from server_broker.timesheets.paper import Book, Look
from server_broker.timesheets.words import known_words, month_words, state_words

_NOTE = Look(size=9, boxed=False, across="left")
_HEAD, _CELL = Look(bold=True), Look(fits=True)
_REASON = Look(size=8, across="left")
_SIGNED = Look(size=11, boxed=False, across="left")
_COLUMNS = (
    *(("日期", 20.0), ("星期", 9.0), ("开始", 12.0), ("村", 20.0), ("结果", 11.0), ("迟到", 10.0), ("早退", 10.0)),
    *(("假别", 10.0), ("标记", 12.0), ("说明", 80.0)),
)
_HEAD_ROWS, _SIGN_PT = 3, 32.0
_A_ROW_PT, _REASON_SIGNS = 13.0, 27
"""The height of a row of text, and how many signs of a reason stand in one."""


type Months = Sequence[tuple[VillageMonth, PersonMonth]]
"""A person's part of the months of villages, with these."""


def person_book(name: str, number: str, months: Months, month: str) -> bytes:
    """Return a person's month.

    Args:
        months: Those of the villages in which the person has windows, each with the person's part.
        month: Such as ``2026-03``.
    """
    book = Book()
    page = book.page(f"{name} {month}", [width for _, width in _COLUMNS], upright=True)
    title = f"{name} {month_words(month)} 考勤明细表"
    put_title(page, title, is_closed=all(village.state == CLOSED for village, _ in months))
    said = [f"编号 {number}", *(f"{village.name} {state_words(village.state)}" for village, _ in months)]
    if months:
        said += [f"考勤规则 {months[0][0].rules} 版", known_words(min(village.known for village, _ in months))]
    page.put_over((2, 2), (1, page.columns), "　".join(said), _NOTE)
    for column, (head, _) in enumerate(_COLUMNS, start=1):
        page.put(_HEAD_ROWS, column, head, _HEAD)
    entries = entries_of(months)
    row = _HEAD_ROWS + 1
    for village, result, _, why in entries:
        cells = (
            *(result.day.isoformat(), "一二三四五六日"[result.day.weekday()], clock(result.start), village),
            *(mark_of(result), result.late or "", result.early or "", result.kind, "、".join(result.flags)),
        )
        for column, value in enumerate(cells, start=1):
            page.put(row, column, value, _CELL)
        page.put(row, len(_COLUMNS), why, _REASON)
        page.high(row, _A_ROW_PT * (len(why) // _REASON_SIGNS + 1))
        row += 1
    page.put_over((row, row), (1, page.columns), f"合计：{'；'.join(sums_of(entries))}", _NOTE)
    page.high(row, 2 * _A_ROW_PT)
    row += 1
    page.put_over((row, row), (1, page.columns), f"本人签字：{'＿' * 9}　日期：　　　　年　　月　　日", _SIGNED)
    page.high(row, _SIGN_PT)
    page.finish(head_rows=_HEAD_ROWS, frozen_columns=2, last_row=row, foot=f"村慧 {title}", on_one_page=False)
    return book.saved()


class Entry(NamedTuple):
    """A window of a person's month: the village's name, what it came to, that in words, and why."""

    village: str
    result: Result
    said: str
    why: str


def entries_of(months: Months) -> list[Entry]:
    """Return a person's windows of some villages' months, by date and start."""
    windows = [(village.name, one) for village, person in months for one in person.windows]
    places = places_of({board_station(what.station) for _, one in windows for what in one.awaited})
    found = [
        Entry(name, one.result, words_of(one.result), reason_words(one.result.reason, one.awaited, places))
        for name, one in windows
    ]
    return sorted(found, key=lambda one: (one.result.day, one.result.start))


def sums_of(entries: Sequence[Entry]) -> list[str]:
    """Return in words what a person's windows add up to."""
    return totals_words(totals("", (one.result for one in entries if one.result.result != "休")))


_LEVELS = {"√": "l3", **dict.fromkeys("迟早缺", "l1"), "旷": "l0", **dict.fromkeys("假出会停", "l2")}


def person_calendar(month: str, entries: Sequence[Entry]) -> Calendar:
    """Return a person's month as a calendar: the signs of each date, in the shade of the worst of them."""
    of_day: dict[dt.date, list[Entry]] = defaultdict(list)
    for one in entries:
        of_day[one.result.day].append(one)
    shown = {}
    for day, some in of_day.items():
        signs = " ".join(mark_of(one.result) or "…" for one in some)
        said = "；".join(f"{clock(one.result.start)} {one.said}" for one in some)
        shown[day] = min(_LEVELS.get(one.result.result, "none") for one in some), signs, said
    return calendar(month, shown)
