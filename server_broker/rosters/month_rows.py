"""Read 排班表 as clerks make them: a sheet a month, with the dates in rows or in columns and names in the cells.

It needs no models to be read. Whose village, window and name it is, is asked in `rosters.month_known`.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.sheets import cells, dates
from server_broker.sheets.cells import BadCell
from server_broker.sheets.declared import Book, SheetPlan
from server_broker.sheets.heads import EMPTY, RawRow, plain_title
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell
from server_broker.sheets.workbook import Sheet

HEAD_ROWS = 8
"""The head is looked for in so many rows, because a title and notes stand above it."""
MOST_CELLS = 4_000
LONGEST_CELL = 300
_ACROSS = 5
"""So many dates in one row are a head of dates."""
MONTHS = tuple(f"{year}-{month:02d}" for year in range(2020, 2100) for month in range(1, 13))
DATE, WEEKDAY, SHIFT, CODE, VILLAGE = "日期", "星期", "班次", "村代码", "村"
PEOPLE, LEADERS = "值班人员", "带班领导"
_DATES = {DATE, "值班日期", "日子", "时间", "日期/星期", "日期(星期)"}
_SHIFTS = {SHIFT, "值班时段", "时段", "值班名称"}
_VILLAGES = {CODE, VILLAGE, "村名", "村居", "村(社区)", "行政村"}
_ASIDE = re.compile(r"星期|周几|备注|电话|序号|签名|签字|手机|说明")
_ROLE = re.compile(r"值班人员|值班员|值班人|值班干部|值守人员|人员|姓名|带班领导|带班人员|带班干部|带班人|带班")
_MONTH = re.compile(r"(20\d\d)\s*[-./年]\s*(1[0-2]|0?[1-9])(?:\s*月|(?![\d]))")
_DAY = re.compile(r"([0-3]?\d)[日号]?")
_TIMES = re.compile(r"\(?\d{1,2}:\d{2}.*$")
_WEEKDAYS = re.compile(r"(?:星期|周)?[一二三四五六日天]")


@dataclass(frozen=True, slots=True)
class Planned:
    """What one cell says: who is in a window on a date.

    Attributes:
        village: The text that names the village; empty: the sheet's.
        window: The text that names the window; empty: the village's only one.
        leads: Who is named leads (带班).
    """

    sheet: str
    row: int
    village: str
    day: dt.date
    window: str
    leads: bool
    text: str
    column: int
    """In which column of the file it stands, from 0."""


@dataclass(slots=True)
class MonthPlan(SheetPlan):
    """Every cell that names somebody."""

    cells: list[Planned] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    """By sheet: its title and what stands above its head, in which its village may be named."""
    village: str = ""
    """Code of the village that the person chose; empty: the file says it."""
    scope: str = ""
    """Code of the region in whose subtree the villages lie."""

    def is_empty(self) -> bool:
        """Whether no cell names anybody."""
        return not self.cells


@dataclass(frozen=True, slots=True)
class _Column:
    """What the cells of a column, or of a row, are."""

    kind: str
    window: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    plan: MonthPlan
    sheet: Sheet
    month: dt.date | None
    """The month of dates that name none."""

    def error(self, row: int, words: str) -> None:
        self.plan.errors.append(RowError(self.sheet.title[:31], row, words))

    def day(self, row: int, cell: Cell) -> dt.date | None:
        """Return the date of a cell; None, with an error, if it is none."""
        try:
            return day_of(cell, self.month)
        except BadCell as problem:
            self.error(row, f"“{DATE}”{problem}")
            return None

    def add(self, row: int, place: int, village: str, day: dt.date, column: _Column, cell: Cell) -> None:
        """Add what a cell says that stands in the column ``place``; an empty one says nothing."""
        if cell is EMPTY:
            return
        try:
            text = cells.optional_text(cell, longest=LONGEST_CELL)
        except BadCell as problem:
            self.error(row, f"{day} 的人员{problem}")
            return
        if identity_number_in(text):
            self.error(row, f"{day} 的人员{REMEDY}")
        elif text:
            leads = column.kind == LEADERS
            said = Planned(self.sheet.title[:31], row, village, day, column.window, leads, text, place)
            self.plan.cells.append(said)

    def note_aside(self, titles: Mapping[int, str], rows: Iterable[RawRow], read: Collection[int]) -> None:
        """Tell which columns are not read although something stands in them, by title or else by letter."""
        filled = {place for _, row in rows for place in row} - {*read}
        named = [titles.get(place) or f"{letters_of(place)} 列（没有标题）" for place in sorted(filled)]
        if others := [title for title in named if title != WEEKDAY]:
            self.plan.notes.append(f"{self.sheet.title[:31]} 这些列不导入：{'、'.join(others)[:100]}")


def letters_of(place: int) -> str:
    """Return the letters by which Excel names a column, which is counted from 0."""
    letters = ""
    number = place + 1
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters


def day_of(cell: Cell, month: dt.date | None) -> dt.date:
    """Return the date of a cell such as 2027-03-05, 3月5日, 5日 or 5.

    Raises:
        BadCell: It is none, or the month is missing.
    """
    number = cell.value if isinstance(cell.value, int) and not isinstance(cell.value, bool) else None
    written = str(cell.value).strip() if isinstance(cell.value, str | int) else ""
    if (match := _DAY.fullmatch(written)) is not None or (number is not None and 0 < number < 32):
        if month is None:
            raise BadCell("没有写年月，请在表的标题里写上 2027年3月 的样子，或上传时选月份")
        day = number if number is not None else int(match[1]) if match else 0
        try:
            return month.replace(day=day)
        except ValueError:
            raise BadCell(f"：{month.year} 年 {month.month} 月没有 {day} 日") from None
    return dates.date(cell, year=month.year if month else None)


def _read(plan: MonthPlan, sheet: Sheet, choice: str) -> None:
    place, is_across = _head(sheet)
    above = " ".join(str(cell.value) for _, row in sheet.rows[: place + 1] for cell in row.values())
    heading = f"{sheet.title} {above}"[:1_000]
    chosen, written = _month(choice), _month(heading)
    if chosen and written and chosen != written:
        plan.notes.append(f"{sheet.title[:31]} 的标题写着 {written.year}年{written.month}月，没有写月份的日期按它算")
    reading = _Reading(plan, sheet, written or chosen)
    before = len(plan.cells)
    if place < 0:
        reading.error(0, f"找不到表头：要有“{DATE}”一列，或一行写着 1、2、3 等日期")
    elif is_across:
        _read_across(reading, place)
    else:
        _read_down(reading, place)
    if len(plan.cells) > before:
        plan.headings[sheet.title[:31]] = heading


def _head(sheet: Sheet) -> tuple[int, bool]:
    """Return the place of the head among the rows, and whether it is one of dates; -1: there is none."""
    for place, (_, row) in enumerate(sheet.rows[:HEAD_ROWS]):
        if sum(_is_day(cell) for cell in row.values()) >= _ACROSS:
            return place, True
        if any(plain_title(cell.value) in _DATES for cell in row.values()):
            return place, False
    return -1, False


def _month(written: str) -> dt.date | None:
    match = _MONTH.search(written)
    return dt.date(int(match[1]), int(match[2]), 1) if match else None


def _is_day(cell: Cell) -> bool:
    try:
        day_of(cell, dt.date(2024, 1, 1))
    except BadCell:
        return False
    return True


def _titles(upper: dict[int, Cell], lower: dict[int, Cell]) -> dict[int, tuple[str, str]]:
    """Return the group and the title of each column. A merged group stands over the empty cells at its right."""
    found: dict[int, tuple[str, str]] = {}
    group = ""
    for place in range(max((*upper, *lower), default=-1) + 1):
        own = plain_title(upper.get(place, EMPTY).value)
        below = plain_title(lower.get(place, EMPTY).value)
        group = own or (group if below else "")
        if group or below:
            found[place] = (group, below)
    return found


def _column(group: str, title: str) -> _Column:
    """Return what a column is by its titles: the lower one says the part, and what else is said names the window."""
    own = title or group
    if own in _DATES:
        return _Column(DATE)
    if own in _SHIFTS:
        return _Column(SHIFT)
    if own in _VILLAGES:
        return _Column(CODE if own == CODE else VILLAGE)
    if _ASIDE.search(own):
        return _Column("")
    rest = _ROLE.sub("", own)
    window = rest if rest and not title else group if title and group != title else rest
    return _Column(LEADERS if "带班" in own else PEOPLE, _bare(window))


def _bare(window: str) -> str:
    """Return a window's title without its role and its times."""
    return _TIMES.sub("", _ROLE.sub("", window))


def _read_down(reading: _Reading, place: int) -> None:
    """Read a sheet whose rows are dates."""
    rows = reading.sheet.rows
    upper, lower, first = rows[place][1], {}, place + 1
    dated = next(column for column, cell in upper.items() if plain_title(cell.value) in _DATES)
    if first < len(rows) and dated not in rows[first][1] and _is_head(rows[first]):
        lower, first = rows[first][1], first + 1
    titles = _titles(upper, lower)
    columns = {place: _column(*both) for place, both in titles.items()}
    reading.note_aside(
        {place: title or group for place, (group, title) in titles.items()},
        rows[first:],
        [place for place, column in columns.items() if column.kind],
    )
    day: dt.date | None = None
    began = False
    village = shift = ""
    for number, row in rows[first:]:
        said = {column.kind: row[place] for place, column in columns.items() if place in row}
        names = PEOPLE in said or LEADERS in said
        if DATE in said:
            # A note below the table stands in the first column, and names nobody.
            day, shift = reading.day(number, said[DATE]) if names or _is_day(said[DATE]) else None, ""
            began = True
        elif names and not began:
            reading.error(number, f"没有“{DATE}”，看不出是哪天的班")
        village = _text(said.get(CODE) or said.get(VILLAGE)) or village
        shift = _text(said.get(SHIFT)) or shift
        if day is None:
            continue
        for place, column in columns.items():
            if column.kind in (PEOPLE, LEADERS):
                window = column.window or _TIMES.sub("", shift)
                reading.add(number, place, village, day, _Column(column.kind, window), row.get(place, EMPTY))


def _is_head(row: RawRow) -> bool:
    """Tell whether a row below the head is a second row of titles, and not a date without its date."""
    titles = [plain_title(cell.value) for cell in row[1].values()]
    return all(_ROLE.search(title) or _ASIDE.search(title) for title in titles)


def _text(cell: Cell | None) -> str:
    return "" if cell is None else plain_title(cell.value)[:40]


def _read_across(reading: _Reading, place: int) -> None:
    """Read a sheet whose columns are dates."""
    number, head = reading.sheet.rows[place]
    days = {column: reading.day(number, cell) for column, cell in head.items() if _is_day(cell)}
    first = min(days)
    titles = {place: plain_title(cell.value) for place, cell in head.items()}
    reading.note_aside(titles, reading.sheet.rows[place + 1 :], [*range(first), *days])
    group = ""
    for row_number, row in reading.sheet.rows[place + 1 :]:
        named = [plain_title(cell.value) for column, cell in row.items() if column in days]
        if not named or all(map(_WEEKDAYS.fullmatch, named)):
            continue  # a second row of the head with the weekdays, or a note
        labels = [plain_title(row[column].value) for column in sorted(row) if column < first]
        if len(labels) > 1 or (labels and not _ROLE.fullmatch(labels[0])):
            group = labels[0]
        title = labels[-1] if labels else ""
        column = _column(group, title if title != group else "")
        for at, day in days.items():
            if day is not None and column.kind in (PEOPLE, LEADERS):
                reading.add(row_number, at, "", day, column, row.get(at, EMPTY))


def _bound(plan: MonthPlan) -> None:
    """Take out all cells if there are more than one decision may say."""
    if len(plan.cells) > MOST_CELLS:
        words = f"一次最多 {MOST_CELLS} 格有人，这里有 {len(plan.cells)} 格，请按村或按月分开上传"
        plan.errors.append(RowError("", 0, words))
        plan.cells = []


MONTH_BOOK = Book(place=f"{__name__}:MONTH_BOOK", plan=MonthPlan, free=_read, choices=MONTHS, bound=_bound)
"""Sheets of named days. The choice is the month of dates that name none."""
