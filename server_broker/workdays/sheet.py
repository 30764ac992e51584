"""The sheet of the county's own table, as clerks fill it in: 日期, 上班/放假, 名称. It needs no models to be read."""

import datetime as dt
from dataclasses import dataclass, field

from server_broker.sheets import cells, dates
from server_broker.sheets.cells import BadCell
from server_broker.sheets.declared import Book, SheetKind, SheetPlan
from server_broker.sheets.heads import Row
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell

SHEET = "工作日历"
DATE, WORKING, NAME = "日期", "上班/放假", "名称"
FIRST, LAST = dt.date(2020, 1, 1), dt.date(2099, 12, 31)
"""Another year is a slip."""
LONGEST_NAME = 32
MOST_DAYS = 2_000
YEARS = tuple(str(year) for year in range(FIRST.year, LAST.year + 1))
WORDS = {True: "上班", False: "放假"}
_WORKING = {"上班": True, "班": True, "补班": True, "放假": False, "休": False, "休息": False}


@dataclass(frozen=True, slots=True)
class DayRow:
    """One date of the table."""

    row: int
    date: dt.date
    working: bool
    name: str


@dataclass(slots=True)
class CalendarPlan(SheetPlan):
    """The rows of a file."""

    days: list[DayRow] = field(default_factory=list)


def _read(plan: CalendarPlan, rows: list[Row], choice: str) -> None:
    year = int(choice) if choice else None
    first_row: dict[dt.date, int] = {}
    for row in rows:
        date = row.read(DATE, lambda cell: _date(cell, year))
        working = row.read(WORKING, _is_working)
        name = row.read(NAME, lambda cell: cells.optional_text(cell, longest=LONGEST_NAME, as_typed=True))
        if date is None or working is None or name is None:
            continue
        if (before := first_row.setdefault(date, row.number)) != row.number:
            plan.errors.append(RowError(SHEET, row.number, f"{date} 在第 {before} 行已经写过，请只留一行"))
            continue
        plan.days.append(DayRow(row.number, date, working, name))


def _date(cell: Cell, year: int | None) -> dt.date:
    found = dates.date(cell, year=year)
    if not FIRST <= found <= LAST:
        raise BadCell(f"要在 {FIRST.year} 年到 {LAST.year} 年之间，这里是 {found}")
    return found


def _is_working(cell: Cell) -> bool:
    written = cells.text(cell, longest=16)
    if written not in _WORKING:
        raise BadCell(f"只能填“上班”或“放假”，这里是“{written}”")
    return _WORKING[written]


def _bound(plan: CalendarPlan) -> None:
    """Take out all dates if there are more than anybody fills in by hand."""
    if len(plan.days) > MOST_DAYS:
        words = f"一次最多 {MOST_DAYS} 个日期，这里有 {len(plan.days)} 个，请分年上传"
        plan.errors.append(RowError(SHEET, 0, words))
        plan.days = []


CALENDAR_BOOK = Book(
    "server_broker.workdays.sheet:CALENDAR_BOOK",
    CalendarPlan,
    (SheetKind(SHEET, (DATE, WORKING), _read, optional=(NAME,)),),
    choices=YEARS,
    bound=_bound,
)
