"""What a station has told by a moment: in its order, dated where it can be, and how far without a gap.

docs/rules.md: what is dated (before section 1), where an undated fact lies (2.8), and what is complete (section 3).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from server_broker.settlement.times import FIRST_MINUTE, LAST_MINUTE, Minute, Moment, cut
from server_broker.settlement.values import Fact, Lost, Station


class Ref(NamedTuple):
    """Names a fact, or the first of several that are lost."""

    station: str
    epoch: int
    seq: int


class Told(Struct, frozen=True):
    """One fact that the county could read."""

    fact: Fact
    at: Moment | None
    """Uncut; None: nothing dates it."""

    @property
    def minute(self) -> Minute | None:
        """Return the minute of a dated fact."""
        return None if self.at is None else cut(self.at)


class Bracket(NamedTuple):
    """Between which minutes something lies that nothing dates; both are included."""

    first: Minute
    last: Minute


class Unread(NamedTuple):
    """A held fact, or seqs that are lost: it could have been anything."""

    ref: Ref
    bracket: Bracket
    lost: bool
    received: Moment
    """When the county got it; of lost seqs, when they were declared lost."""


class Record:
    """A station's facts as the county had them at one moment."""

    def __init__(self, station: Station, at: Moment) -> None:
        self.station = station
        self._at = at
        self._seen = sorted((fact for fact in station.facts if fact.received <= at), key=_order)
        fixes = self._fixes()
        self.told = [Told(fact, self._dated(fact, fixes)) for fact in self._seen if not self._held(fact)]
        self.gap_free = self._gap_free()
        minutes = [told.minute for told in self.gap_free if told.minute is not None]
        self.told_until: Minute = max(minutes, default=FIRST_MINUTE)
        self.gone: Minute = min(station.retired, self._dead())
        """From when on a station is not up any more and its record is complete: retired, or declared dead."""
        dated = [(_order(told.fact), told.minute) for told in self.told if told.minute is not None]
        self._dated_places = [place for place, _ in dated]
        self._dated_minutes = [minute for _, minute in dated]

    @property
    def last_told(self) -> Minute | None:
        """Return the last minute of which it tells without a gap; None: of none yet."""
        return None if self.told_until == FIRST_MINUTE else self.told_until

    def complete(self, last_minute: Minute) -> bool:
        """Tell whether the record is complete through a window's last minute."""
        return self.told_until >= last_minute or self.gone <= last_minute

    def bracket(self, told: Told) -> Bracket:
        """Return between which minutes an undated fact lies."""
        return self._between(_order(told.fact), cut(told.fact.received))

    def unread(self) -> list[Unread]:
        """Return what is held or lost and not written off."""
        held = [fact for fact in self._seen if self._held(fact) and fact.written_off > self._at]
        found = [
            Unread(self._ref(fact), self._between(_order(fact), cut(fact.received)), lost=False, received=fact.received)
            for fact in held
        ]
        return found + self._lost_parts()

    def _held(self, fact: Fact) -> bool:
        return fact.kind == "held" or fact.held_until > self._at

    def _ref(self, fact: Fact) -> Ref:
        return Ref(self.station.id, fact.epoch, fact.seq)

    def _fixes(self) -> dict[tuple[int, int], Moment]:
        """Return the corrected times by epoch and seq; of several the last in seq stands."""
        read = (fact for fact in self._seen if fact.kind == "time_fix" and not self._held(fact))
        return {(fact.epoch, fact.of): fact.time for fact in read}

    @staticmethod
    def _dated(fact: Fact, fixes: dict[tuple[int, int], Moment]) -> Moment | None:
        return fixes.get((fact.epoch, fact.seq), fact.at if fact.dated else None)

    def _gap_free(self) -> list[Told]:
        """Return what was told up to the first gap. Held facts and lost seqs fill a gap."""
        there = {_order(fact) for fact in self._seen}
        lost = _LostSeqs(row for row in self.station.lost if row.known <= self._at)
        lasts = {row.epoch: row.last for row in self.station.epoch_ends if row.known <= self._at}
        epoch, seq = 1, 0
        while True:
            if (epoch, seq + 1) in there:
                seq += 1
            elif (following := lost.through(epoch, seq + 1)) is not None:
                seq = following
            elif lasts.get(epoch, seq + 1) <= seq:
                epoch, seq = epoch + 1, 0
            else:
                break
        return [told for told in self.told if _order(told.fact) <= (epoch, seq)]

    def _dead(self) -> Minute:
        """Return the minute from which a declaration holds. A dated fact from after it withdraws it."""
        station = self.station
        if station.dead_known > self._at:
            return LAST_MINUTE
        later = any(told.minute is not None and told.minute > station.dead for told in self.told)
        return LAST_MINUTE if later else station.dead

    def _between(self, place: tuple[int, int], otherwise: Minute) -> Bracket:
        at = bisect_left(self._dated_places, place)
        before = self._dated_minutes[at - 1] if at else self.station.enrolled
        after = self._dated_minutes[at] if at < len(self._dated_minutes) else otherwise
        return Bracket(min(before, after), max(before, after))

    def _lost_parts(self) -> list[Unread]:
        """Return the stretches of lost seqs between facts that came. Those of one stretch lie in one bracket."""
        rows = [row for row in self.station.lost if row.known <= self._at < row.written_off]
        if not rows:
            return []
        came = {_order(fact) for fact in self._seen}
        # Where a fact came and the one behind it did not.
        edges = sorted((epoch, seq + 1) for epoch, seq in came if (epoch, seq + 1) not in came)
        found = []
        for row in rows:
            end = self._end_of_lost(row.known)
            own = edges[bisect_right(edges, (row.epoch, row.first)) : bisect_right(edges, (row.epoch, row.last))]
            begin = (row.epoch, row.first)
            for place in own if begin in came else [begin, *own]:
                ref = Ref(self.station.id, *place)
                found.append(Unread(ref, self._between(place, end), lost=True, received=row.known))
        return found

    def _end_of_lost(self, known: Moment) -> Minute:
        """Return how late a lost seq can have been if nothing dated follows it (8.11)."""
        known_minute = cut(known)
        return known_minute if known_minute > FIRST_MINUTE else self.gone


def _order(fact: Fact) -> tuple[int, int]:
    return (fact.epoch, fact.seq)


class _LostSeqs:
    """Seqs that were declared lost. Whoever has got hold of a station can have it declare very many."""

    def __init__(self, rows: Iterable[Lost]) -> None:
        self._firsts: dict[int, list[int]] = defaultdict(list)
        self._lasts: dict[int, list[int]] = defaultdict(list)
        """Of each range the last seq of it or of one that begins before."""
        for row in sorted(rows, key=lambda row: row.first):
            lasts = self._lasts[row.epoch]
            lasts.append(max(row.last, lasts[-1]) if lasts else row.last)
            self._firsts[row.epoch].append(row.first)

    def through(self, epoch: int, seq: int) -> int | None:
        """Return the last of the lost seqs in which ``seq`` lies; None: it is not declared lost."""
        before = bisect_right(self._firsts.get(epoch, ()), seq)
        last = self._lasts[epoch][before - 1] if before else None
        return last if last is not None and last >= seq else None
