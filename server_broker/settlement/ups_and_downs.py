"""When a station was up, when it was down, and when nobody knows (docs/rules.md, section 3, Down, and 8.14)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from server_broker.settlement.record import Record, Told
from server_broker.settlement.times import ALWAYS, FIRST_MINUTE, LAST_MINUTE, Minute, cut

type Stretch = tuple[Minute, Minute]
"""From a minute up to, not including, another one."""


class Downs:
    """The stretches in which a station was down, by its gap-free record."""

    def __init__(self, record: Record) -> None:
        found = _Reading(record.gap_free, record.told_until + 1).stretches
        found.append((FIRST_MINUTE, record.station.enrolled))
        found.append((record.gone, LAST_MINUTE))
        merged = _merged(found)
        self._begins = [begin for begin, _ in merged]
        self._ends = [end for _, end in merged]

    def within(self, first: Minute, last: Minute) -> list[Stretch]:
        """Return the stretches that have a minute from ``first`` to ``last``, cut to these."""
        after_first, after_last = bisect_right(self._ends, first), bisect_left(self._begins, last + 1)
        whole = zip(self._begins[after_first:after_last], self._ends[after_first:after_last], strict=True)
        return [(max(begin, first), min(end, last + 1)) for begin, end in whole]


def none_up(stations: Sequence[Downs], first: Minute, last: Minute) -> list[Stretch]:
    """Return the stretches from ``first`` to ``last``, both included, in which all of the stations were down.

    Of no stations none is up. A minute of which nothing is known is not one at which a station was down.
    """
    left = [(first, last + 1)]
    for downs in stations:
        left = [
            (max(a, begin), min(b, end))
            for begin, end in downs.within(first, last)
            for a, b in left
            if a < end and begin < b
        ]
    return left


class _Reading:
    """Reads the stretches out of the facts, one after another in seq."""

    def __init__(self, facts: Sequence[Told], end: Minute) -> None:
        self.stretches: list[Stretch] = []
        self._last_boot = max((place for place, one in enumerate(facts) if one.fact.kind == "boot"), default=-1)
        # Before its first boot a station is down.
        self._off: Minute | None = FIRST_MINUTE
        self._unread_since: Minute | None = None
        self._until_dated: list[Minute] = []
        """Where stretches began that end at the next dated fact."""
        self._last_dated: Minute = FIRST_MINUTE
        for place, told in enumerate(facts):
            self._read(told, place)
        begins = [self._off, self._unread_since, *self._until_dated]
        self.stretches += [(begin, end) for begin in begins if begin is not None]

    def _read(self, told: Told, place: int) -> None:
        minute = told.minute
        if minute is not None:
            self._close_at(minute, place)
        # An undated shutdown or loss begins at the last dated fact before it.
        begin = self._last_dated if minute is None else minute
        kind = told.fact.kind
        if kind == "boot":
            self._booted(told)
        elif kind == "shutdown":
            self._off = begin if self._off is None else self._off
        elif kind == "reader_lost":
            self._unread_since = begin if self._unread_since is None else self._unread_since
        elif kind == "reader_back":
            self._end(self._unread_since, minute)
            self._unread_since = None
        if minute is not None:
            self._last_dated = minute

    def _close_at(self, minute: Minute, place: int) -> None:
        self.stretches += [(begin, minute) for begin in self._until_dated]
        self._until_dated = []
        if self._off is not None and place > self._last_boot:
            # No boot on record ends it.
            self.stretches.append((self._off, minute))
            self._off = None

    def _booted(self, told: Told) -> None:
        alive = told.fact.last_alive
        cut_off = self._last_dated if alive == ALWAYS else max(cut(alive), self._last_dated)
        for begin in (cut_off if self._off is None else self._off, self._unread_since):
            self._end(begin, told.minute)
        self._off = self._unread_since = None

    def _end(self, begin: Minute | None, minute: Minute | None) -> None:
        if begin is None:
            return
        if minute is None:
            self._until_dated.append(begin)
        else:
            self.stretches.append((begin, minute))


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for begin, end in sorted(one for one in stretches if one[0] < one[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
