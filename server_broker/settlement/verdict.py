"""Lines 10 to 13 of section 3 of docs/rules.md, for the marks that are not excused."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from server_broker.settlement.marks import Found, Mark
from server_broker.settlement.times import Minute
from server_broker.settlement.units import Unit
from server_broker.settlement.values import Way


class State(Struct, frozen=True):
    """How a mark is: missing, in time, or so many minutes off."""

    mark: Mark | None
    minutes: int = 0
    """Late or early; 0 in time."""
    as_absent: bool = False
    """So much that it is 旷."""

    @property
    def minute(self) -> Minute | None:
        """The minute of the mark; None: it is missing."""
        return None if self.mark is None else self.mark.minute

    @property
    def missing(self) -> bool:
        """Tell whether there is no mark."""
        return self.minute is None

    @property
    def bad(self) -> bool:
        """Tell whether the mark is missing or untimely."""
        return self.missing or self.minutes > 0


class Verdict(Struct, frozen=True):
    """What lines 10 to 13 say; ``result`` empty: nothing bad is left."""

    result: str
    line: str
    missing: int = 0
    late: int = 0
    early: int = 0

    @property
    def measure(self) -> tuple[int, int, int]:
        """Return how bad it is; less is better. Where it is 旷, minutes do not count."""
        return (int(self.result == "旷"), self.missing, self.late + self.early)


def states(unit: Unit, found: Found) -> dict[Way, State]:
    """Return how the marks are that a unit needs."""
    known: dict[Way, State] = {"in": _arrival(unit, found.arrival)}
    if unit.departs:
        known["out"] = _departure(unit, found.departure)
    return known


def _arrival(unit: Unit, mark: Mark | None) -> State:
    if mark is None or mark.minute is None:
        return State(mark)
    values, minutes = unit.first.values, mark.minute - unit.start
    return State(mark) if minutes <= values.grace_in else State(mark, minutes, minutes > values.late_absence)


def _departure(unit: Unit, mark: Mark | None) -> State:
    if mark is None or mark.minute is None:
        return State(mark)
    values, minutes = unit.last.values, unit.end - mark.minute
    return State(mark) if minutes <= values.grace_out else State(mark, minutes, minutes > values.early_absence)


def judge(needs: Sequence[Way], known: Mapping[Way, State], excused: Collection[Way]) -> Verdict:
    """Return what the marks in ``needs`` come to; ``known`` has all marks of their unit."""
    own = {way: known[way] for way in needs if way not in excused}
    late, early = own.get("in", State(None)), own.get("out", State(None))
    missing = sum(state.missing for state in own.values())
    if not excused and all(state.missing for state in known.values()):
        return Verdict("旷", "10", missing)
    if late.as_absent:
        return Verdict("旷", "12", missing)
    if early.as_absent:
        return Verdict("旷", "13", missing)
    if missing:
        return Verdict("缺", "11", missing, late.minutes, early.minutes)
    if late.minutes:
        return Verdict("迟", "12", 0, late.minutes, early.minutes)
    return Verdict("早", "13", 0, 0, early.minutes) if early.minutes else Verdict("", "")
