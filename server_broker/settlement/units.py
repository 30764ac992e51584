"""What is judged at one go, and its spans of arrival and departure (docs/rules.md, 1.5, 2.3, 3 and 8.6).

A unit is what is left of a window by lines 1 to 4, or, for ``ends``, of the windows of a date together.
"""

import datetime as dt
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from server_broker.settlement.cover import Covered, cover
from server_broker.settlement.due import Turn
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.parameters import Values
from server_broker.settlement.requests import Requests
from server_broker.settlement.times import Minute

NEAR = 30
"""Minutes: between windows less far apart one touch serves both."""
AROUND = 30
"""Minutes: so long before a start, and after an end, a station must have been up."""
_DAY = dt.timedelta(days=1)
_REACH = 2
"""Dates to both sides in which a neighbour is looked for."""


class Share(Struct, frozen=True):
    """One window of a unit."""

    turn: Turn
    covered: Covered
    values: Values
    """The parameters of its village on its date."""


class Unit(Struct, frozen=True):
    """What is judged at one go."""

    shares: tuple[Share, ...]
    """By their start; more than one for ``ends`` alone."""
    start: Minute
    end: Minute
    """Of what is judged."""

    @property
    def first(self) -> Share:
        """The window that answers for the arrival."""
        return self.shares[0]

    @property
    def last(self) -> Share:
        """The window that answers for the departure."""
        return self.shares[-1]

    @property
    def whole_start(self) -> Minute:
        """The start of the whole first window."""
        return self.first.turn.start

    @property
    def whole_end(self) -> Minute:
        """The end of the whole last window."""
        return self.last.turn.end

    @property
    def departs(self) -> bool:
        """Tell whether a departure is due."""
        return self.first.values.marks != "arrival"

    @property
    def opens(self) -> Minute:
        """The first minute at which an arrival can be, whatever the neighbours cut."""
        return self.whole_start - self.first.values.open_before

    @property
    def closes(self) -> Minute:
        """The minute after the last one at which a departure can be, whatever the neighbours cut."""
        return self.whole_end + (self.last.values.open_after if self.departs else 0)

    @property
    def last_minute(self) -> Minute:
        """The minute that T and the records must reach."""
        values = self.last.values
        return self.whole_end + max(values.open_after, AROUND + values.grace_in)


class Spans(Struct, frozen=True):
    """From when to when a touch is an arrival, and then a departure."""

    begin: Minute
    middle: Minute
    end: Minute


class Placed(Struct, frozen=True):
    """A unit between its neighbours."""

    unit: Unit
    before: Unit | None
    after: Unit | None

    def spans(self) -> Spans:
        """Return the spans, cut half-way to a neighbour where they would reach into its own."""
        return self._spans(self._begin(), self._end())

    def uncut_spans(self) -> Spans:
        """Return the spans as they are before the half-way cut."""
        return self._spans(self._uncut_begin(), self.unit.closes)

    def near_before(self) -> tuple[Minute, Minute] | None:
        """Return in which minutes, both included, a touch also serves the unit before."""
        return None if self.before is None else _near(self.before, self.unit)

    def near_after(self) -> tuple[Minute, Minute] | None:
        """Return in which minutes, both included, a touch also serves the unit after."""
        return None if self.after is None else _near(self.unit, self.after)

    def _spans(self, begin: Minute, end: Minute) -> Spans:
        unit = self.unit
        return Spans(begin, (unit.start + unit.end) // 2 if unit.departs else unit.whole_end, end)

    def _uncut_begin(self) -> Minute:
        if self.before is not None and not self.before.departs:
            return max(self.unit.opens, self.before.whole_end)
        return self.unit.opens

    def _begin(self) -> Minute:
        before = self.before
        if before is not None and before.departs and before.closes > self.unit.opens:
            return max(self.unit.opens, _half_way(before, self.unit))
        return self._uncut_begin()

    def _end(self) -> Minute:
        after = self.after
        if after is not None and self.unit.departs and self.unit.closes > after.opens:
            return min(self.unit.closes, _half_way(self.unit, after))
        return self.unit.closes


def _half_way(one: Unit, other: Unit) -> Minute:
    return (one.whole_end + other.whole_start) // 2


def _near(one: Unit, other: Unit) -> tuple[Minute, Minute] | None:
    if not one.departs or other.whole_start - one.whole_end >= NEAR:
        return None
    return one.whole_end - one.last.values.grace_out, other.whole_start + other.first.values.grace_in


class Schedule:
    """The units of everybody, as the county knew them at one moment."""

    def __init__(self, knowledge: Knowledge, requests: Requests) -> None:
        self._known = knowledge
        self._requests = requests
        self._shares: dict[tuple[str, dt.date], list[Share]] = {}
        self._units: dict[tuple[str, dt.date], list[Unit]] = {}

    def shares(self, person: str, day: dt.date) -> list[Share]:
        """Return somebody's windows of a date and what is left of each."""
        key = (person, day)
        if key not in self._shares:
            self._shares[key] = [self._share(turn) for turn in self._known.duties.turns(person, day)]
        return self._shares[key]

    def units(self, person: str, day: dt.date) -> list[Unit]:
        """Return what is judged of somebody's date."""
        key = (person, day)
        if key not in self._units:
            self._units[key] = _units([share for share in self.shares(person, day) if not share.covered.line])
        return self._units[key]

    def placed(self, person: str, day: dt.date) -> list[Placed]:
        """Return the units of somebody's date between their neighbours."""
        mine = self.units(person, day)
        if not mine:
            return []
        around = [unit for number in range(-_REACH, _REACH + 1) for unit in self.units(person, day + number * _DAY)]
        return [Placed(unit, _before(unit, around), _after(unit, around)) for unit in mine]

    def _share(self, turn: Turn) -> Share:
        values = self._known.parameters.on(turn.window.village, turn.day)
        if turn.window.marks:
            values = replace(values, marks=turn.window.marks)
        if not turn.due:
            return Share(turn, cover(turn, (), (), values.min_rest), values)
        left = self._known.notices.left(turn, values.min_rest)
        return Share(turn, cover(turn, left, self._requests.absences(turn.person), values.min_rest), values)


def _units(shares: list[Share]) -> list[Unit]:
    together = tuple(share for share in shares if share.values.marks == "ends")
    groups = [together] if together else []
    groups += [(share,) for share in shares if share.values.marks != "ends"]
    groups.sort(key=lambda group: group[0].turn.start)
    return [Unit(group, group[0].covered.first, group[-1].covered.last) for group in groups]


def _before(unit: Unit, others: Iterable[Unit]) -> Unit | None:
    """Return the unit before one. What lies between the windows of ``ends`` is no neighbour of theirs."""
    return max((one for one in others if one.whole_end <= unit.whole_start), key=_extent, default=None)


def _after(unit: Unit, others: Iterable[Unit]) -> Unit | None:
    return min((one for one in others if one.whole_start >= unit.whole_end), key=_extent, default=None)


def _extent(unit: Unit) -> tuple[Minute, Minute]:
    return (unit.whole_start, unit.whole_end)
