"""Which villages' dates are due to be settled again, and why.

Whatever may have changed marks them; only what did change is written. What is marked twice is settled once.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from server_broker.platform.sql import execute

FIRST, TIME = "first", "time"
TOUCH, RECORD, CLOCK, HELD, STATION = "touch", "record", "clock", "held", "station"
CARD, ROSTER, ABSENCE, CORRECTION = "card", "roster", "absence", "correction"
CALENDAR, NOTICE, PARAMETER, REGION, RULES = "calendar", "notice", "parameter", "region", "rules"
"""Why something is settled: it never was; time has passed; a touch; a station's record has got further; the time of
facts was corrected; a held fact was read or written off; a station is dead, retired or stands in; a card; a roster,
post or swap; an absence; a corrected mark; the calendar; a notice; a parameter; a region; a
new version of the rules."""
_DAY = dt.timedelta(days=1)

type VillageDay = tuple[int, dt.date]


class Marks:
    """Marks that are collected first and written at once. Only dates from ``first`` to ``last`` are settled."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        self.first, self.last = first, last
        self._why: dict[VillageDay, set[str]] = defaultdict(set)

    def add(self, villages: Iterable[int], first: dt.date, last: dt.date, why: str) -> None:
        """Mark villages on the dates from ``first`` to ``last``, and those beside, whose windows reach there."""
        days = list(self._within(first - _DAY, last + _DAY))
        for village in villages:
            for day in days:
                self._why[village, day].add(why)

    def add_days(self, days: Collection[VillageDay], why: str) -> None:
        """Mark exactly these."""
        for village, day in days:
            if self.first <= day <= self.last:
                self._why[village, day].add(why)

    def apart(self) -> "Marks":
        """Return marks of the same dates for something that may fail; `merge` takes them over."""
        return Marks(self.first, self.last)

    def merge(self, other: "Marks") -> None:
        """Take over what was marked apart."""
        for place, why in other._why.items():
            self._why[place] |= why

    def _within(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        day = max(first, self.first)
        while day <= min(last, self.last):
            yield day
            day += _DAY

    def write(self, now: dt.datetime) -> int:
        """Write them, and return how many there are. Why something was due already stays beside."""
        if not self._why:
            return 0
        rows = [(village, day, " ".join(why)) for (village, day), why in sorted(self._why.items())]
        columns = [list(column) for column in zip(*rows, strict=True)]
        execute(
            """INSERT INTO settling_settledue AS s (village_id, day, why, marked_at)
            SELECT m.village, m.day, string_to_array(m.why, ' '), %s FROM unnest(%s::bigint[], %s::date[], %s::text[])
                AS m (village, day, why)
            ON CONFLICT (village_id, day) DO UPDATE
            SET why = ARRAY(SELECT DISTINCT unnest(s.why || excluded.why))""",
            [now, *columns],
        )
        return len(rows)


def with_code(why: str, code: str) -> str:
    """Return codes with one that may be among them, first of all."""
    return why if code in why.split() else f"{code} {why}".strip()
