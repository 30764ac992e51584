"""Which value of a parameter holds for a village on a date (docs/rules.md, before section 1)."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct, convert

from server_broker.settlement.places import Places
from server_broker.settlement.times import Moment
from server_broker.settlement.values import ParameterRow

OFF = 1 << 30
"""Minutes: so late that nobody is."""


class Values(Struct, frozen=True, kw_only=True):
    """The parameters by their names in the rules, in minutes where the rules say so, with the rules' defaults."""

    open_before: int = 90
    open_after: int = 180
    grace_in: int = 10
    grace_out: int = 10
    place: str = "township"
    marks: str = "each"
    late_absence: int = OFF
    early_absence: int = OFF
    min_rest: int = 30
    corrections_per_month: int = 3
    resident_days: int = 20


class Parameters:
    """What the regions set, as the county knew it at one moment."""

    def __init__(self, rows: Iterable[ParameterRow], places: Places, at: Moment) -> None:
        self._places = places
        self._rows: dict[tuple[str, str], list[tuple[dt.date, bool, int | str]]] = defaultdict(list)
        known = sorted((row for row in rows if row.known <= at), key=lambda row: (row.first, row.known, row.values))
        for row in known:
            for name, value in row.values:
                self._rows[row.region, name].append((row.first, row.locked, value))
        self._changes = sorted({row.first for row in known})
        self._found: dict[tuple[str, int, int], Values] = {}

    def on(self, village: str, day: dt.date) -> Values:
        """Return the values that hold for a village on a date."""
        key = (village, bisect_right(self._changes, day), self._places.era(day))
        if key not in self._found:
            chain = self._places.chain(village, day)
            values = {name: self._value(name, chain, day) for name in Values.__struct_fields__}
            self._found[key] = convert({name: value for name, value in values.items() if value is not None}, Values)
        return self._found[key]

    def _value(self, name: str, chain: tuple[str, ...], day: dt.date) -> int | str | None:
        county = self._in_force(chain[-1], name, day)
        if county is not None and county[0]:
            return county[1]
        found = (self._in_force(region, name, day) for region in chain)
        return next((value for one in found if one is not None for value in one[1:]), None)

    def _in_force(self, region: str, name: str, day: dt.date) -> tuple[bool, int | str] | None:
        rows = [row for row in self._rows.get((region, name), ()) if row[0] <= day]
        return rows[-1][1:] if rows else None
