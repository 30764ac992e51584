"""Which region lies in which, and which stations count for a village (docs/rules.md, 2.6)."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from server_broker.settlement.times import Moment
from server_broker.settlement.values import Region, Station


class Places:
    """The tree of regions as the county knew it at one moment; a region may move to another parent on a date."""

    def __init__(self, regions: Iterable[Region], at: Moment) -> None:
        self._rows: dict[str, list[Region]] = defaultdict(list)
        for row in regions:
            if row.known <= at:
                self._rows[row.id].append(row)
        for rows in self._rows.values():
            rows.sort(key=lambda row: (row.first, row.known, row.parent or ""))
        self._changes = sorted({row.first for rows in self._rows.values() for row in rows})
        self._chains: dict[tuple[str, int], tuple[str, ...]] = {}

    def era(self, day: dt.date) -> int:
        """Return the number of the stretch of dates, on which ``day`` lies, without a change of the tree."""
        return bisect_right(self._changes, day)

    def chain(self, region: str, day: dt.date) -> tuple[str, ...]:
        """Return a region and all above it, up to the county."""
        key = (region, self.era(day))
        if key not in self._chains:
            self._chains[key] = self._climb(region, day)
        return self._chains[key]

    def _climb(self, region: str, day: dt.date) -> tuple[str, ...]:
        found = [region]
        while (parent := self._parent(found[-1], day)) is not None and parent not in found:
            found.append(parent)
        return tuple(found)

    def _parent(self, region: str, day: dt.date) -> str | None:
        rows = [row for row in self._rows.get(region, ()) if row.first <= day]
        return rows[-1].parent if rows else None

    def contains(self, outer: str, inner: str, day: dt.date) -> bool:
        """Tell whether ``inner`` lies in ``outer`` or is it."""
        return outer in self.chain(inner, day)

    def township(self, region: str, day: dt.date) -> str:
        """Return the township in which a region lies; the county itself lies in none but itself."""
        chain = self.chain(region, day)
        return chain[-2] if len(chain) > 1 else chain[-1]


class Sites:
    """The stations by village."""

    def __init__(self, stations: Iterable[Station], places: Places) -> None:
        self._places = places
        self._stations = sorted(stations, key=lambda station: station.id)
        self._own: dict[str, list[str]] = defaultdict(list)
        self._counting: dict[tuple[str, str, int], frozenset[str]] = {}
        for station in self._stations:
            for village in {station.village, *station.stands_in_for}:
                self._own[village].append(station.id)

    def own(self, village: str) -> list[str]:
        """Return the stations of a village. One that stands in for it is its own in every rule."""
        return self._own.get(village, [])

    def counting(self, village: str, place: str, day: dt.date) -> frozenset[str]:
        """Return the stations where a touch counts for a roster of this village."""
        key = (village, place, self._places.era(day))
        if key not in self._counting:
            self._counting[key] = frozenset(self._find(village, place, day))
        return self._counting[key]

    def _find(self, village: str, place: str, day: dt.date) -> set[str]:
        found = set(self.own(village))
        if place == "county":
            found |= {station.id for station in self._stations}
        elif place == "township":
            township = self._places.township(village, day)
            found |= {
                station
                for other, stations in self._own.items()
                if self._places.township(other, day) == township
                for station in stations
            }
        return found
