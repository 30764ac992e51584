"""What was entered for one township, as somebody outside keeps it: rows of the case format by when they were known.

It knows nothing of the product. ``case`` writes it down as a case, as it was known at a moment.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tests.reckoning.minutes import ALWAYS

type Values = dict[str, Any]

_TABLES = (
    *("regions", "calendar", "notices", "parameters", "people", "posts", "away", "cards", "orders", "rosters"),
    *("swaps", "leave", "corrections", "meetings", "residencies", "months"),
)


class Book:
    """The entries of one township, each under a key of its own, so that what is entered anew stands instead of it."""

    def __init__(self, days: list[date]) -> None:
        self.days = days
        self._entries: dict[str, dict[object, list[tuple[datetime, list[Values]]]]] = defaultdict(dict)

    def put(self, table: str, key: object, rows: list[Values], known: datetime = ALWAYS) -> None:
        """Have these rows stand under a key from when they are known."""
        self._entries[table].setdefault(key, []).append((known, rows))

    def standing(self, table: str, key: object) -> list[Values]:
        """Return what stands under a key now; nothing, if nothing was ever entered under it."""
        entries = self._entries[table].get(key)
        return entries[-1][1] if entries else []

    def rows(self, table: str, at: datetime) -> list[Values]:
        """Return the rows of a table as they were known at a moment."""
        found: list[Values] = []
        for versions in self._entries[table].values():
            known = [rows for when, rows in versions if when <= at]
            found += known[-1] if known else []
        return found

    def case(self, name: str, at: datetime, stations: Iterable[Values]) -> Values:
        """Return all that was known at a moment as a case."""
        tables = {table: self.rows(table, at) for table in _TABLES}
        head = {"format": 1, "rules": "2.7", "name": name, "why": "一个镇的一个月", "days": self.days, "as_of": at}
        return {**head, **tables, "stations": list(stations)}
