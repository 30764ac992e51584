"""On what a window's result rests: what is judged, the touches around it and what each is to it, what bears on it.

It says nothing that `lines` does not reckon with; it names what `lines` keeps to itself.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.lines import Case, Lines
from server_broker.settlement.marks import Roles
from server_broker.settlement.parameters import Values
from server_broker.settlement.pieces import Piece, without
from server_broker.settlement.record import Ref
from server_broker.settlement.requests import Absence, Corrected
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import MINUTES_A_DAY, Minute, midnight
from server_broker.settlement.touches import Run
from server_broker.settlement.units import Placed, Share, Spans
from server_broker.settlement.ups_and_downs import Stretch
from server_broker.settlement.values import Way

type Fate = Literal[
    "arrival",
    "departure",
    "both",
    "not_needed",
    "later",
    "earlier",
    "not_after",
    "corrected",
    "off_place",
    "direction",
    "neighbour",
    "outside",
    "lost",
    "undated",
    "on_order",
]
"""What a touch is to a window: its mark; needed for nothing; one after the arrival or before the departure that counts;
a departure not after the arrival; overruled by a correction; at a station that does not count; without effect by the
direction that was chosen; a neighbour's; outside the spans; of a card that was lost; without a time; of a card that is
on order for the person."""

FATES: tuple[Fate, ...] = Fate.__value__.__args__


class NearTouch(Struct, frozen=True):
    """A touch of the person near a window, or several short after one another."""

    station: str
    first: Minute
    last: Minute
    """Of one without a time: between which minutes it lies."""
    way: Way | None
    refs: tuple[Ref, ...]
    fate: Fate


class Explained(Struct, frozen=True):
    """On what a window's result rests."""

    start: Minute
    end: Minute
    """Of the whole window."""
    judged: Piece | None
    """What notices and absences leave of it; None: nothing is judged."""
    spans: Spans | None
    values: Values
    departs: bool
    between: bool
    """It is a window between the first and the last of ``ends``, and has no marks of its own."""
    last_minute: Minute
    touches: tuple[NearTouch, ...]
    absences: tuple[Absence, ...]
    corrected: tuple[Corrected, ...]
    stopped: tuple[Piece, ...]
    """What notices take of it."""
    down: dict[Way, tuple[Stretch, ...]]
    """When no station of the village was up, at the minutes to which a mark falls."""


def explain(sheet: Sheet, person: str, village: str, day: dt.date, start: int, *, place: int = 0) -> Explained | None:
    """Return on what the result of somebody's window rests; None: there is no such window.

    Args:
        place: Which one of several of a village that start at the same minute, in the order of the results.
    """
    lines, knowledge = sheet.lines, sheet.knowledge
    shares = [one for one in lines.schedule.shares(person, day) if _is(one, village, start)]
    # Results are made of windows that are decided whole first.
    shares.sort(key=lambda one: not one.covered.line)
    if place >= len(shares):
        return None
    share = shares[place]
    placed = next((one for one in lines.schedule.placed(person, day) if share in one.unit.shares), None)
    turn, values = share.turn, share.values
    last_minute = turn.end + values.open_after if placed is None else placed.unit.last_minute
    begin = min(midnight(day), turn.start - values.open_before)
    end = max(midnight(day) + MINUTES_A_DAY, last_minute)
    around = _Around(lines, knowledge, share, placed)
    left = knowledge.notices.left(turn, values.min_rest) if turn.due else [(turn.start, turn.end)]
    near = (one for one in sheet.requests.absences(person) if one.begin < turn.end and turn.start < one.end)
    return Explained(
        start=turn.start,
        end=turn.end,
        judged=None if placed is None else (share.covered.first, share.covered.last),
        spans=None if placed is None else placed.spans(),
        values=values,
        departs=values.marks != "arrival" if placed is None else placed.unit.departs,
        between=placed is not None and not around.ways,
        last_minute=last_minute,
        touches=tuple(around.touches(begin, end)),
        absences=tuple(near),
        corrected=tuple(sheet.requests.corrected(person, day, start)),
        stopped=tuple(without([(turn.start, turn.end)], left)),
        down={} if placed is None else {way: tuple(lines.down(way, placed.unit)) for way in around.ways},
    )


def _is(share: Share, village: str, start: int) -> bool:
    window = share.turn.window
    return (window.village, window.start) == (village, start)


class _Around:
    """The touches around a window, and what each is to it."""

    def __init__(self, lines: Lines, knowledge: Knowledge, share: Share, placed: Placed | None) -> None:
        self._known = knowledge
        self._person = share.turn.person
        self._share = share
        self._case: Case | None = None if placed is None else lines.case(placed)
        self.ways: tuple[Way, ...] = ()
        if placed is not None:
            unit = placed.unit
            answers: list[Way] = ["in"] if share is unit.first else []
            answers += ["out"] if share is unit.last and unit.departs else []
            self.ways = tuple(answers)
            self._cut, self._uncut = Roles(placed, cut=True), Roles(placed, cut=False)
            self._counting = lines.awaiting.counting(share)

    def touches(self, begin: Minute, end: Minute) -> list[NearTouch]:
        """Return the person's touches from ``begin`` up to, not including, ``end``, by time."""
        runs = [run for run in self._known.touches.runs(self._person) if begin <= run.first < end]
        found = [_near(run, self._fate(run)) for run in runs]
        found += [_near(run, "lost") for run in self._lost() if begin <= run.first < end]
        found += self._undated(begin, end)
        return sorted(found, key=lambda one: (one.first, one.last, one.station, one.refs))

    def _lost(self) -> Iterator[Run]:
        for one in self._known.touches.strange:
            hold = self._known.holders.at(one.run.card, one.run.first) if one.lost else None
            if hold is not None and hold.person == self._person:
                yield one.run

    def _undated(self, begin: Minute, end: Minute) -> Iterable[NearTouch]:
        for one in self._known.touches.possible(self._person):
            if one.bracket.first < end and begin <= one.bracket.last:
                fate: Fate = "on_order" if one.on_order else "undated"
                yield NearTouch(one.station, one.bracket.first, one.bracket.last, one.way, (one.ref,), fate)

    def _fate(self, run: Run) -> Fate:
        if self._case is None:
            turn, values = self._share.turn, self._share.values
            inside = turn.start - values.open_before <= run.first < turn.end + values.open_after
            return "not_needed" if inside else "outside"
        if used := self._used(run):
            return used
        roles = [one.role for one in self._case.candidates if one.run is run]
        if not roles:
            return self._no_role(run)
        needed = [way for way in roles if way in self.ways]
        return self._beside(run, needed[0]) if needed else "not_needed"

    def _used(self, run: Run) -> Fate | None:
        """Return which of the window's marks a touch is; None: it is none."""
        assert self._case is not None
        marks = {way: self._case.states[way].mark for way in self.ways}
        own = [way for way, mark in marks.items() if mark is not None and mark.run is run]
        if len(own) > 1:
            return "both"
        return None if not own else "arrival" if own == ["in"] else "departure"

    def _no_role(self, run: Run) -> Fate:
        if list(self._cut.of(run.first, run.last, run.way)):
            return "off_place"
        if run.way is not None and list(self._cut.of(run.first, run.last, None)):
            return "direction"
        return "neighbour" if list(self._uncut.of(run.first, run.last, None)) else "outside"

    def _beside(self, run: Run, role: Way) -> Fate:
        """Return why a touch that could be a mark is not the one that counts."""
        assert self._case is not None
        if self._case.corrected[role] is not None:
            return "corrected"
        if role == "in":
            return "later"
        arrival = self._case.states["in"].minute
        return "not_after" if arrival is not None and run.last <= arrival else "earlier"


def _near(run: Run, fate: Fate) -> NearTouch:
    return NearTouch(run.station, run.first, run.last, run.way, run.refs, fate)
