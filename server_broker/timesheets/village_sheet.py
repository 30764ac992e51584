"""The tab of a village's month: people and dates, signs, totals, what the signs mean, and who signs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from server_broker.closing.month import PersonMonth, VillageMonth
from server_broker.settlement.states import CLOSED
from server_broker.timesheets.heads import TITLE_PT, put_figure_heads, put_title
from server_broker.timesheets.lines import Line, lines_of
from server_broker.timesheets.paper import Book, Look
from server_broker.timesheets.words import LEGEND, SIGNATURES, figures_of, known_words, month_words, state_words

_NOTE = Look(size=9, boxed=False, across="left")
_NOTE_RIGHT = Look(size=9, boxed=False, across="right")
_SMALL = Look(size=7.5, boxed=False, across="left")
_SIGNED = Look(size=11, boxed=False, across="left")
_HEAD = Look(size=8.5, bold=True)
_HEAD_OFF = Look(size=8.5, bold=True, shaded=True)
_WEEKDAYS = "一二三四五六日"
_NUMBER_MM, _NAME_MM, _PART_MM, _DAY_MM = 7.0, 16.0, 9.0, 5.2
_HEAD_ROWS, _DIGITS = 4, 16
_HEIGHTS_PT = (TITLE_PT, 15.0, 14.0, 14.0)
"""Of the head's rows: title, what it is, and two rows of heads."""
_SUM_PT, _LEGEND_PT, _SIGN_PT, _SEAL_PT = 15.0, 12.0, 26.0, 11.0
_LEAST_ROW_PT, _MOST_ROW_PT, _ROW_PT = 8.4, 24.0, 12.0
"""Of a person's line: so low it can still be read; so high at most; and its height where one page is not enough."""


def add_village(book: Book, month: VillageMonth, township: str, working: Mapping[dt.date, bool]) -> None:
    """Add the tab of a village's month.

    Args:
        township: The name of the village's township.
        working: Of each date of the month, whether it is a working day.
    """
    _Tab(book, month, township, working).write()


class _Tab:
    """One tab while it is written."""

    def __init__(self, book: Book, month: VillageMonth, township: str, working: Mapping[dt.date, bool]) -> None:
        self._month, self._township, self._working = month, township, working
        self._people = lines_of(month.people)
        self._days = month.days
        self._figures = figures_of(month.totals)
        self._parts = int(any(line.part for _, lines in self._people for line in lines))
        self._first_day = 3 + self._parts
        self._first_figure = self._first_day + len(self._days)
        widths = [_NUMBER_MM, _NAME_MM, *([_PART_MM] * self._parts), *([_DAY_MM] * len(self._days))]
        self._page = book.page(month.name, [*widths, *(figure.width_mm for figure in self._figures)])

    def write(self) -> None:
        self._heads()
        count = sum(max(len(lines), 1) for _, lines in self._people)
        height, on_one_page = self._row_height(count)
        row = _HEAD_ROWS + 1
        for place, (person, lines) in enumerate(self._people, start=1):
            self._person(row, place, person, lines, height)
            row += max(len(lines), 1)
        last = self._tail(row)
        month = self._month
        foot = f"村慧 考勤规则 {month.rules} 版　{month.name} {month_words(month.month)}　{state_words(month.state)}"
        if month.sha256:
            foot += f"　SHA-256 {month.sha256[:_DIGITS]}…"
        self._page.finish(
            head_rows=_HEAD_ROWS,
            frozen_columns=self._first_day - 1,
            last_row=last,
            foot=foot,
            on_one_page=on_one_page,
        )

    def _row_height(self, count: int) -> tuple[float, bool]:
        """Return how high the lines of people are, and whether all of them stand on one page."""
        others = sum(_HEIGHTS_PT) + _SUM_PT + 2 * _LEGEND_PT + _SIGN_PT + _SEAL_PT
        each = (self._page.height_pt - others) / max(count, 1)
        return (min(each, _MOST_ROW_PT), True) if each >= _LEAST_ROW_PT else (_ROW_PT, False)

    def _heads(self) -> None:
        page, month, columns = self._page, self._month, self._page.columns
        title = f"{self._township}{month.name} {month_words(month.month)} 考勤表"
        put_title(page, title, is_closed=month.state == CLOSED)
        half = columns // 2
        what = f"村代码 {month.code}　考勤规则 {month.rules} 版　{state_words(month.state)}"
        page.put_over((2, 2), (1, half), what, _NOTE)
        page.put_over((2, 2), (half + 1, columns), known_words(month.known), _NOTE_RIGHT)
        for column, head in enumerate(["序号", "姓名", *(["时段"] * self._parts)], start=1):
            page.put_over((3, 4), (column, column), head, _HEAD)
        for column, day in enumerate(self._days, start=self._first_day):
            look = _HEAD if self._working[day] else _HEAD_OFF
            page.put(3, column, day.day, look)
            page.put(4, column, _WEEKDAYS[day.weekday()], look)
        put_figure_heads(page, self._first_figure, self._figures)
        for row, height in enumerate(_HEIGHTS_PT, start=1):
            page.high(row, height)

    def _person(self, row: int, place: int, person: PersonMonth, lines: Sequence[Line], height: float) -> None:
        page, last = self._page, row + max(len(lines), 1) - 1
        size = 9.0 if height >= 11 else 7.5
        look = Look(size=size, fits=True)
        page.put_over((row, last), (1, 1), place, look)
        page.put_over((row, last), (2, 2), person.name, look)
        for number, line in enumerate(lines, start=row):
            page.high(number, height)
            own = replace(look, joins_above=number > row, joins_below=number < last)
            if self._parts:
                page.put(number, 3, line.part, own)
            for column, day in enumerate(self._days, start=self._first_day):
                page.put(number, column, line.marks.get(day, ""), replace(own, shaded=not self._working[day]))
        for column, figure in enumerate(self._figures, start=self._first_figure):
            page.put_over((row, last), (column, column), figure.value(person.totals), look)

    def _tail(self, row: int) -> int:
        """Write what stands under the people, and return the last row."""
        page, month, columns = self._page, self._month, self._page.columns
        page.put_over((row, row), (1, self._first_figure - 1), f"合计　{len(month.people)} 人", _HEAD)
        for column, figure in enumerate(self._figures, start=self._first_figure):
            page.put(row, column, figure.value(month.totals), Look(size=8.5, bold=True, fits=True))
        page.high(row, _SUM_PT)
        notes = [
            "　".join(f"{sign} {word}" for sign, word in LEGEND.items()),
            "空白：这天没有班，或还没到下结论的时候。一格两个字：后一个同时也有，如“缺迟”。天数按班次折算，两位小数；"
            "迟到早退的分钟从应到、应走的时刻算起。底色：休息日。",
        ]
        for note in notes:
            row += 1
            page.put_over((row, row), (1, columns), note, _SMALL)
            page.high(row, _LEGEND_PT)
        row += 1
        page.put_over((row, row), (1, columns), SIGNATURES, _SIGNED)
        page.high(row, _SIGN_PT)
        if month.sha256:
            row += 1
            page.put_over((row, row), (1, columns), f"定稿内容的 SHA-256：{month.sha256}", _SMALL)
            page.high(row, _SEAL_PT)
        return row
