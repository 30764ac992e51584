"""Whether a date is a working day, by the first table that knows it (docs/rules.md, 1.4)."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from server_broker.settlement.times import Moment
from server_broker.settlement.values import Source, Table

_TRUST: tuple[Source, ...] = ("county", "chinesecalendar", "holidays")
"""Who is asked first."""
FRIDAY = 5


class Workday(NamedTuple):
    """What the calendar says of a date."""

    works: bool
    provisional: bool
    """Its word may still change."""


class Calendar:
    """The tables as the county had them at one moment."""

    def __init__(self, tables: Iterable[Table], at: Moment) -> None:
        known = [table for table in tables if table.known <= at]
        # Of several tables of one source the one that became known last comes first.
        known.sort(key=_order)
        self._tables = known
        self._days: dict[dt.date, Workday] = {}

    def on(self, day: dt.date) -> Workday:
        """Return what is known of a date. If no table knows it, Monday to Friday are worked, provisionally."""
        if day not in self._days:
            self._days[day] = self._look_up(day)
        return self._days[day]

    def _look_up(self, day: dt.date) -> Workday:
        in_week = day.isoweekday() <= FRIDAY
        table = next((table for table in self._tables if table.first <= day <= table.last), None)
        if table is None:
            return Workday(in_week, provisional=True)
        works = day not in table.holidays if in_week else day in table.workdays
        return Workday(works, provisional=table.source == "holidays")


def _order(table: Table) -> tuple[int, Moment, dt.date, dt.date, list[dt.date], list[dt.date]]:
    return (
        _TRUST.index(table.source),
        -table.known,
        table.first,
        table.last,
        sorted(table.holidays),
        sorted(table.workdays),
    )
