"""Whose touches there are: runs of dated ones, and those that could have been (docs/rules.md, 2.1, 2.2 and 2.8)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from server_broker.settlement.holders import Holders
from server_broker.settlement.record import Bracket, Record, Ref, Told
from server_broker.settlement.stretches import Stretches
from server_broker.settlement.times import Minute, Moment, cut
from server_broker.settlement.values import Way

RUN = 120_000_000
"""Microseconds, uncut: a touch so long after the first of a run still joins it."""
_NAMED = 32
"""So many touches of a run's begin are named, and of its end. Whoever has got hold of a station can state thousands."""


class Run(Struct, frozen=True):
    """Dated touches of one card at one station, short after one another."""

    station: str
    card: str
    first: Minute
    """Where the run lies, and as what it arrives."""
    last: Minute
    """As what it departs."""
    way: Way | None
    """The direction that was chosen last."""
    refs: tuple[Ref, ...]

    @property
    def named(self) -> tuple[Ref, ...]:
        """The touches by which a result names the run: all of them, or of very many the first and the last."""
        return self.refs if len(self.refs) <= 2 * _NAMED else self.refs[:_NAMED] + self.refs[-_NAMED:]


class Possible(NamedTuple):
    """A touch that could have been somebody's at any minute of its bracket."""

    station: str
    bracket: Bracket
    way: Way | None
    ref: Ref
    received: Minute
    on_order: bool = False
    """The card was on order for them."""


class Strange(NamedTuple):
    """A run of a card that was nobody's, or lost."""

    lost: bool
    run: Run


class _Touch(NamedTuple):
    at: Moment
    way: Way | None
    way_at: Moment
    ref: Ref


class Touches:
    """The touches of everybody, as the county had them at one moment."""

    def __init__(self, records: Iterable[Record], holders: Holders) -> None:
        self._holders = holders
        self._possible: dict[str, list[Possible]] = defaultdict(list)
        self._stretches: dict[str, Stretches[Possible]] = {}
        self._may_have_touched: dict[str, frozenset[tuple[str, Bracket]]] = {}
        self._at: dict[str, dict[str, list[Minute]]] = defaultdict(lambda: defaultdict(list))
        dated: dict[tuple[str, str, str, bool], list[_Touch]] = defaultdict(list)
        for record in records:
            for told in record.told:
                if told.fact.kind == "touch":
                    self._take(told, record, dated)
        self._runs: dict[str, list[Run]] = defaultdict(list)
        self.strange: list[Strange] = []
        for (person, card, station, lost), touches in dated.items():
            runs = _runs(station, card, touches)
            if person and not lost:
                self._runs[person] += runs
            else:
                self.strange += [Strange(lost, run) for run in runs]
        for some in self._runs.values():
            some.sort(key=lambda run: (run.first, run.last, run.station, run.refs))
        for stations in self._at.values():
            for minutes in stations.values():
                minutes.sort()

    def runs(self, person: str) -> list[Run]:
        """Return the runs of somebody's touches that count, by time."""
        return self._runs.get(person, [])

    def possible(self, person: str) -> list[Possible]:
        """Return the touches that could be somebody's: undated ones, and those of cards on order for them."""
        return self._possible.get(person, [])

    def possible_around(self, person: str, first: Minute, last: Minute) -> Iterable[Possible]:
        """Return those of them that may lie on the dates of these minutes; of very many within one bracket some."""
        if person not in self._stretches:
            self._stretches[person] = Stretches(
                self.possible(person), lambda one: one.bracket, lambda one: (one.station, one.way)
            )
        return self._stretches[person].around(first, last)

    def may_have_touched(self, person: str) -> Iterable[tuple[str, Bracket]]:
        """Return at which stations somebody may have touched with a card of theirs, and between which minutes."""
        if person not in self._may_have_touched:
            own = (one for one in self.possible(person) if not one.on_order)
            self._may_have_touched[person] = frozenset((one.station, one.bracket) for one in own)
        return self._may_have_touched[person]

    def minutes(self, person: str, station: str) -> list[Minute]:
        """Return the minutes of somebody's dated touches at a station, those that join a run too."""
        return self._at.get(person, {}).get(station, [])

    def stations(self, person: str) -> Iterable[str]:
        """Return the stations of somebody's dated touches."""
        return self._at.get(person, {})

    def _take(self, told: Told, record: Record, dated: dict[tuple[str, str, str, bool], list[_Touch]]) -> None:
        fact, station = told.fact, record.station.id
        received = cut(fact.received)
        ref = Ref(station, fact.epoch, fact.seq)
        if told.at is None:
            self._take_undated(told, record.bracket(told), ref)
            return
        minute = cut(told.at)
        hold = self._holders.at(fact.card, minute)
        lost = hold is not None and minute >= hold.lost
        # A direction was chosen so long after the touch, whatever the clock was.
        touch = _Touch(told.at, fact.way, told.at + fact.way_after, ref)
        dated[hold.person if hold else "", fact.card, station, lost].append(touch)
        if hold is None:
            for person in self._holders.ordered_for(fact.card):
                self._possible[person].append(
                    Possible(station, Bracket(minute, minute), fact.way, ref, received, on_order=True)
                )
        elif not lost:
            self._at[hold.person][station].append(minute)

    def _take_undated(self, told: Told, bracket: Bracket, ref: Ref) -> None:
        fact, received = told.fact, cut(told.fact.received)
        for hold in self._holders.within(fact.card, *bracket):
            could = Bracket(hold.begin, hold.end - 1)
            self._possible[hold.person].append(Possible(ref.station, could, fact.way, ref, received))
        for begin, end in self._holders.free_within(fact.card, *bracket):
            for person in self._holders.ordered_for(fact.card):
                could = Bracket(begin, end - 1)
                self._possible[person].append(Possible(ref.station, could, fact.way, ref, received, on_order=True))


def _runs(station: str, card: str, touches: list[_Touch]) -> list[Run]:
    touches.sort(key=lambda touch: (touch.at, touch.ref))
    joined: list[list[_Touch]] = []
    for touch in touches:
        if joined and touch.at - joined[-1][0].at <= RUN:
            joined[-1].append(touch)
        else:
            joined.append([touch])
    return [_run(station, card, some) for some in joined]


def _run(station: str, card: str, touches: list[_Touch]) -> Run:
    chosen = [touch for touch in touches if touch.way is not None]
    way = max(chosen, key=lambda touch: (touch.way_at, touch.at, touch.ref)).way if chosen else None
    refs = tuple(touch.ref for touch in touches)
    return Run(station, card, cut(touches[0].at), cut(touches[-1].at), way, refs)
