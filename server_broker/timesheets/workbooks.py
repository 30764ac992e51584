"""The workbooks of a month: of a village, of a township with a tab for each village, of the county in sums."""

import datetime as dt
from collections.abc import Sequence

from server_broker.closing.models import ClosedMonth
from server_broker.closing.month import PersonMonth, VillageMonth, month_of, months_of
from server_broker.regions.models import Region, RegionQuerySet, parent_code
from server_broker.settlement.states import CLOSED
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settlement.version import RULES
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.sheet_csv import sheet_csv
from server_broker.timesheets.details import add_details
from server_broker.timesheets.hiding import Seen, unseen_in, without_names
from server_broker.timesheets.paper import Book
from server_broker.timesheets.slip_sheet import add_slip
from server_broker.timesheets.summary import VillageRow, rows_of
from server_broker.timesheets.summary_sheet import add_summary
from server_broker.timesheets.village_sheet import add_village
from server_broker.workdays.days import workdays

_DAY = dt.timedelta(days=1)


def village_book(village: Region, month: str, now: dt.datetime, *, seen: Seen) -> bytes:
    """Return a village's month to print and sign, and each of its windows.

    Args:
        month: Such as ``2026-03``.
        seen: Whose names may stand in it.
    """
    book, found, township = Book(), month_of(village.identity, month, now), _township_name(village)
    unseen = unseen_in(found, seen)
    shown = without_names(found, unseen)
    add_village(book, shown, township, _working(found))
    add_slip(book, shown, township)
    add_details(book, csv_of(found), {one.number for one in found.people if one.person in unseen})
    return book.saved()


def township_book(township: Region, month: str, now: dt.datetime, *, seen: Seen) -> bytes:
    """Return a tab that adds up the villages of a township, and a tab for each of them."""
    book = Book()
    for row in _add_summary(book, township, month, now):
        found = month_of(row.village, month, now)
        add_village(book, without_names(found, unseen_in(found, seen)), township.name, _working(found))
    return book.saved()


def county_book(county: Region, month: str, now: dt.datetime) -> bytes:
    """Return the sums of all villages of a county, by township."""
    book = Book()
    _add_summary(book, county, month, now)
    return book.saved()


def csv_of(month: VillageMonth) -> bytes:
    """Return a village's month as CSV: what was signed, or what stands as long as nothing is."""
    if month.state == CLOSED:
        closed = ClosedMonth.objects.get(village__identity=month.village, month=month.month)
        return bytes(closed.content)
    sheet = VillageSheet(month.village, month.month, month.known, month.state, month.rules, month.windows)
    return sheet_csv(sheet)


def months_with(
    person: int, villages: RegionQuerySet, month: str, now: dt.datetime
) -> list[tuple[VillageMonth, PersonMonth]]:
    """Return the months of those villages in which somebody has windows, each with their part of it."""
    first = first_of_month(month)
    last = next_month(first) - _DAY
    there = villages.filter(identity__in={village for village, _ in months_of(person, first, last)})
    found = []
    for village in there.order_by("pk"):
        of_village = month_of(village.identity, month, now)
        found += [(of_village, one) for one in of_village.people if one.person == person]
    return found


def _add_summary(book: Book, of: Region, month: str, now: dt.datetime) -> Sequence[VillageRow]:
    """Add the tab of sums, and return its villages: those with a window in the month."""
    rows = rows_of(list(Region.objects.all().under(of.code)), month, now)
    add_summary(book, of, month, rows, rules=RULES, known=now)
    return rows


def _township_name(village: Region) -> str:
    return Region.objects.filter(pk=parent_code(village.code)).values_list("name", flat=True).first() or ""


def _working(month: VillageMonth) -> dict[dt.date, bool]:
    return {day: said.working for day, said in workdays(month.first, month.last, known=month.known).items()}
