"""Set apart what a station says beyond a day's measure, so that it does not bury what others say.

A day is one of the local calendar, by when the county received it, because a station chooses its own times. Nothing is
lost or changed: each room keeps a row for what it set apart, lists that apart, and has a person put it back. What once
had such a row is not counted and not set apart again, so that it stays where the person put it.

**In pieces.** A stolen station can say as much as its day's quota, 200,000 facts. All of that in one transaction would
lock its rows for half a minute, and whatever else the process has to do would wait. So a transaction sets apart at most
`A_PIECE`, and a turn ends after the first that makes up a piece. Nothing notes how far it got: what has a row is left
out, so the next turn goes on with the rest, also after a crash. Until all of a station is measured the station is
`Measuring.behind`, and nothing that it says may be gone on with, because any of it may be too much.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import batched, chain

from django.db import transaction
from django.utils import timezone

from server_broker.dated.days import begin_of
from server_broker.platform.sql import LOCAL_ZONE, query

A_PIECE = 2_000
"""So many rows one transaction reads, and sets apart at most: some 0.2 s."""
LOOKED_BACK = timedelta(days=40)
"""So far back a new process looks, because nobody may have measured while the county's chores stood still. For as long
after it came something of a station is gone on with by the county itself."""
LATE = timedelta(hours=2)
"""What was received before midnight is stored by then, also held facts of which many are read."""

type _Row = tuple[str, date, int]
"""A station, the day on which the county received it, and the row's key."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a table a station may say in a day, and how what is beyond it is kept. SQL of our own constants."""

    said: str
    """Selects ``id``, ``station_id`` and ``received_at`` of what the room has not set apart yet, nor put back."""
    a_day: int
    keep: Callable[[Mapping[int, str], datetime], Counter[str]]
    """Keeps what is beyond, the stations by the keys of their rows, in a transaction; returns how much of each station
    that was. What somebody has answered already may be left out."""
    whose: str = ""
    """Selects ``id`` and whose it is (text) of these keys (``%s``). Empty: there is no measure of one person."""
    of_one: int = 0
    """So much of the same person counts."""


class Measuring:
    """Sets apart what is beyond some measures, a piece in a turn.

    Up to which day all was measured is kept in memory: a new process looks `LOOKED_BACK`.
    """

    def __init__(self, measures: Sequence[Measure]) -> None:
        """Begin with what came `LOOKED_BACK`."""
        self._measures = measures
        self._since: date | None = None
        self.behind: frozenset[str] = frozenset()
        """The stations of which something has come and was not measured by the last turn."""

    def go_on(self, now: datetime) -> int:
        """Set apart the next piece of what is beyond each measure; return how much was added."""
        today = timezone.localdate(now)
        first = today - LOOKED_BACK if self._since is None else min(self._since, today)
        added, behind = 0, set[str]()
        for measure in self._measures:
            of_measure, left = _set_apart(measure, begin_of(first), now)
            added += of_measure
            behind |= left
        self.behind = frozenset(behind)
        if not behind:
            self._since = timezone.localdate(now - LATE)
        return added


def _set_apart(measure: Measure, since: datetime, now: datetime) -> tuple[int, set[str]]:
    """Set apart a piece of what came since a moment; return how much was added, and of which stations some is left."""
    rows = _of_many(measure, since)
    counted: defaultdict[tuple[str, date], _Counted] = defaultdict(_Counted)
    added = 0
    for some in batched(rows, A_PIECE, strict=False):
        if added >= A_PIECE:
            return added, {station for station, _, _ in chain(some, rows)}
        with transaction.atomic():
            if beyond := _beyond(measure, some, counted):
                added += measure.keep(beyond, now).total()
    return added, set()


def _of_many(measure: Measure, since: datetime) -> Iterator[_Row]:
    """Yield the rows of each station and day that may be too many, in the order in which they were stored.

    The stations that said least come first: those that said very much keep no other waiting.
    """
    found = query(
        f"""SELECT station_id, (received_at AT TIME ZONE {LOCAL_ZONE})::date AS day, array_agg(id ORDER BY id)
        FROM ({measure.said}) AS one WHERE received_at >= %s
        GROUP BY station_id, day HAVING count(*) > %s ORDER BY count(*), station_id, day""",  # noqa: S608 - our own
        [since, measure.of_one or measure.a_day],
    )
    return ((station, day, key) for station, day, keys in found for key in keys)


@dataclass(slots=True)
class _Counted:
    """What counts of a station on a day."""

    all: int = 0
    of: Counter[str] = field(default_factory=Counter)

    def is_beyond(self, measure: Measure, whose: str | None) -> bool:
        """Count one more, and tell whether it is too much."""
        if whose is not None:
            self.of[whose] += 1
            if self.of[whose] > measure.of_one:
                # What is too much of one person takes nothing of the station's measure.
                return True
        self.all += 1
        return self.all > measure.a_day


def _beyond(measure: Measure, rows: Iterable[_Row], counted: Mapping[tuple[str, date], _Counted]) -> dict[int, str]:
    """Return the stations of what is too much, by the keys of the rows."""
    listed = list(rows)
    whose = dict(query(measure.whose, [[key for _, _, key in listed]])) if measure.whose else {}
    return {key: station for station, day, key in listed if counted[station, day].is_beyond(measure, whose.get(key))}
