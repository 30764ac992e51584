"""Say of each date whether it is a working day, and by whose word.

The first table that knows the date decides: the county's own, `chinesecalendar`, `holidays`, and the weekday.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from server_broker.dated.days import begin_of, end_of
from server_broker.workdays.models import CountyDay, LibraryTable

_SATURDAY = 6


class Source(StrEnum):
    """Whose word it is."""

    COUNTY = "county"
    ANNOUNCED = "announced"
    """What the State Council's office announced, as `chinesecalendar` has it."""
    COMPUTED = "computed"
    """The holidays of the law, as `holidays` reckons them: nothing is announced yet."""
    WEEKDAY = "weekday"
    """Monday to Friday, because no table knows the date."""


_PROVISIONAL = frozenset({Source.COMPUTED, Source.WEEKDAY})
LIBRARIES = {Source.ANNOUNCED: "chinesecalendar", Source.COMPUTED: "holidays"}
"""The packages by what they are the source of, in the order in which they are asked."""


class Workday(NamedTuple):
    """What holds of one date."""

    date: dt.date
    working: bool
    source: Source
    provisional: bool
    """Nothing negative may follow from it yet (docs/rules.md, 3)."""
    name: str
    """Of the holiday, or of what a Saturday or Sunday is swapped for (春节调休); mostly empty."""


class Table(NamedTuple):
    """What one source says. It knows the dates that it names, and all from ``first`` to ``last``."""

    source: Source
    days: Mapping[dt.date, tuple[bool, str]]
    first: dt.date = dt.date.max
    last: dt.date = dt.date.min


def day_by(tables: Sequence[Table], date: dt.date) -> Workday:
    """Return what the first table that knows the date says of it."""
    by_weekday = date.isoweekday() < _SATURDAY, ""
    for source, days, first, last in tables:
        if date in days or first <= date <= last:
            return Workday(date, *_said(days.get(date, by_weekday), source))
    return Workday(date, *_said(by_weekday, Source.WEEKDAY))


def _said(what: tuple[bool, str], source: Source) -> tuple[bool, Source, bool, str]:
    working, name = what
    return working, source, source in _PROVISIONAL, name


def workdays(first: dt.date, last: dt.date, *, known: dt.datetime | None = None) -> dict[dt.date, Workday]:
    """Return every date from ``first`` to ``last``, both included, by two queries.

    Args:
        known: By the tables that the county had at this moment; None: those of now.
    """
    tables = [_county_table(first, last, known), *_library_tables(known)]
    dates = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return {date: day_by(tables, date) for date in dates}


def _county_table(first: dt.date, last: dt.date, known: dt.datetime | None) -> Table:
    rows = CountyDay.objects.known(known).during(begin_of(first), end_of(last))
    return Table(Source.COUNTY, {row.date: (row.working, row.name) for row in rows if row.working is not None})


def _library_tables(known: dt.datetime | None) -> list[Table]:
    found = {table.subject_id: table for table in LibraryTable.objects.known(known)}
    return [
        Table(source, _read(found[name].days), found[name].first, found[name].last)
        for source, name in LIBRARIES.items()
        if name in found
    ]


def _read(days: Mapping[str, tuple[bool, str]]) -> dict[dt.date, tuple[bool, str]]:
    return {dt.date.fromisoformat(date): (working, name) for date, (working, name) in days.items()}
