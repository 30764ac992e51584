"""Which touch is which mark (docs/rules.md, 2.3 to 2.5, 8.6 to 8.8)."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from server_broker.settlement.record import Ref
from server_broker.settlement.times import Minute
from server_broker.settlement.touches import Run
from server_broker.settlement.units import Placed, Spans
from server_broker.settlement.values import Way

ARRIVED_BEFORE = 30
"""Minutes: so long before the departure a departure touch can be the arrival."""


class Mark(Struct, frozen=True):
    """An arrival or a departure. ``minute`` None: corrected to none."""

    minute: Minute | None
    run: Run | None = None
    """Where a touch gave it."""
    corrected: bool = False


class Candidate(Struct, frozen=True):
    """A touch in a role."""

    role: Way
    arrives: Minute
    departs: Minute
    may_arrive: bool = False
    """A departure touch that can be the arrival if there is none."""
    run: Run | None = None
    elsewhere: bool = False
    """At a station of another village; of touches in one minute the one at home is used."""


class Roles:
    """What touches are to a unit between its neighbours, by cut or uncut spans."""

    def __init__(self, placed: Placed, *, cut: bool) -> None:
        self._unit = placed.unit
        self._before, self._after = placed.before, placed.after
        self._spans: Spans = placed.spans() if cut else placed.uncut_spans()
        self._near_before, self._near_after = placed.near_before(), placed.near_after()
        self._cut = cut

    @property
    def edges(self) -> tuple[Minute, ...]:
        """The minutes at which what a touch is may change."""
        near = [minute for stretch in (self._near_before, self._near_after) if stretch for minute in stretch]
        ends = [self._unit.start, self._unit.end, self._spans.begin, self._spans.middle, self._spans.end]
        return (*ends, *near, *(minute + 1 for minute in near), self._unit.start + 1)

    def span(self) -> tuple[Minute, Minute]:
        """Return the first and the last minute at which a touch can be anything to the unit."""
        first, last = self._spans.begin, self._spans.end - 1
        if not self._cut:
            return first, last
        near = (self._near_before or (first, last))[0], (self._near_after or (first, last))[1]
        return min(first, self._unit.opens, near[0]), max(last, self._unit.closes - 1, near[1])

    def of(self, first: Minute, last: Minute, way: Way | None, run: Run | None = None) -> Iterable[Candidate]:
        """Yield what a touch is that lies at ``first`` and departs at ``last``."""
        near_after = _lies_in(first, self._near_after)
        near_before = _lies_in(first, self._near_before)
        if near_after:
            yield Candidate("out", first, last, run=run)
        if near_before:
            yield Candidate("in", first, last, run=run)
        if near_after or near_before:
            return
        role = self._role(first, way)
        if role is not None:
            may_arrive = role == "out" and first < self._unit.end and way != "out"
            yield Candidate(role, first, last, may_arrive, run)

    def _role(self, at: Minute, way: Way | None) -> Way | None:
        spans = self._spans
        if spans.begin <= at < spans.middle:
            return self._in_arrival_span(at, way)
        if spans.middle <= at < spans.end:
            if way == "in":
                return "in" if at < self._unit.end else None
            return "out"
        return self._from_a_neighbour(at, way) if self._cut else None

    def _in_arrival_span(self, at: Minute, way: Way | None) -> Way | None:
        if way == "out":
            return "out" if at > self._unit.start else None
        return "in"

    def _from_a_neighbour(self, at: Minute, way: Way | None) -> Way | None:
        """Return what a touch in a neighbour's spans is here by its direction, whatever the half-way cut."""
        unit, before, after = self._unit, self._before, self._after
        departing = before is not None and before.departs and at >= before.end
        if way == "in" and departing and unit.opens <= at < self._spans.begin:
            return "in"
        if way == "out" and after is not None and at <= after.start and self._spans.end <= at < unit.closes:
            return "out"
        return None


def _lies_in(at: Minute, stretch: tuple[Minute, Minute] | None) -> bool:
    return stretch is not None and stretch[0] <= at <= stretch[1]


class Found(Struct, frozen=True):
    """The arrival and the departure of a unit; None: there is none."""

    arrival: Mark | None
    departure: Mark | None


def find(
    candidates: Sequence[Candidate], arrival: Mark | None = None, departure: Mark | None = None, *, departs: bool
) -> Found:
    """Return the marks among touches in their roles. ``arrival`` and ``departure`` are what was corrected."""
    if arrival is None:
        first = min((one for one in candidates if one.role == "in"), key=_arrives, default=None)
        arrival = None if first is None else Mark(first.arrives, first.run)
    leaving = [one for one in candidates if one.role == "out"]
    if not departs:
        return Found(arrival, None)
    if departure is None:
        since = None if arrival is None else arrival.minute
        last = max((one for one in leaving if since is None or one.departs > since), key=_departs, default=None)
        departure = None if last is None else Mark(last.departs, last.run)
    if arrival is None and departure is not None and departure.minute is not None:
        arrival = _out_of_departures(leaving, departure.minute)
    return Found(arrival, departure)


def _out_of_departures(leaving: Iterable[Candidate], departure: Minute) -> Mark | None:
    first = min((one for one in leaving if one.may_arrive), key=_arrives, default=None)
    if first is None or departure - first.arrives < ARRIVED_BEFORE:
        return None
    return Mark(first.arrives, first.run)


def _arrives(one: Candidate) -> tuple[Minute, bool, tuple[Ref, ...]]:
    return (one.arrives, one.elsewhere, _refs(one))


def _departs(one: Candidate) -> tuple[Minute, bool, tuple[Ref, ...]]:
    return (one.departs, not one.elsewhere, _refs(one))


def _refs(one: Candidate) -> tuple[Ref, ...]:
    return one.run.refs if one.run else ()
