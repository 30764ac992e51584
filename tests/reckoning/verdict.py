"""What marks come to: lines 5 and 10 to 13 of §3, with the minutes of 迟 and 早."""

from collections.abc import Collection
from dataclasses import dataclass

from tests.reckoning.marks import Marks
from tests.reckoning.minutes import count
from tests.reckoning.units import Unit


@dataclass(frozen=True)
class Verdict:
    """A result by one line; ``late`` and ``early`` are minutes that count."""

    result: str
    line: str
    beside: tuple[str, ...] = ()
    late: int = 0
    early: int = 0


def late_minutes(unit: Unit, marks: Marks) -> int:
    """Return by how many minutes the arrival is later than it may be, from the start; 0 if it is in time (line 12)."""
    if marks.arrival is None:
        return 0
    late = count(unit.first, marks.arrival)
    return late if late > unit.grace_in else 0


def early_minutes(unit: Unit, marks: Marks) -> int:
    """Return by how many minutes the departure is earlier than it may be, to the end; 0 if it is in time (line 13)."""
    if marks.departure is None:
        return 0
    early = count(marks.departure, unit.until)
    return early if early > unit.grace_out else 0


def bad_marks(unit: Unit, marks: Marks, needs: Collection[str]) -> set[str]:
    """Return which of the required marks are missing or untimely (§3 line 8)."""
    untimely = {"in": late_minutes(unit, marks), "out": early_minutes(unit, marks)}
    return {mark for mark in needs if marks.of(mark) is None or untimely[mark]}


def is_absence(minutes: int, limit: int | None) -> bool:
    """Return whether somebody was late, or left early, by so much that it is 旷 (lines 12, 13)."""
    return limit is not None and minutes > limit


def verdict(unit: Unit, marks: Marks, needs: Collection[str], excused: Collection[str]) -> Verdict:
    """Return what lines 10 to 13 make of the marks that are not excused; √ where none of them is bad.

    ``needs`` are the marks for which one window answers; 旷 by line 10 looks at all marks of what is judged together.
    """
    if all(marks.of(mark) is None for mark in unit.needs) and not set(excused) & set(unit.needs):
        return Verdict("旷", "10")
    judged = [mark for mark in needs if mark not in excused]
    late = late_minutes(unit, marks) if "in" in judged else 0
    early = early_minutes(unit, marks) if "out" in judged else 0
    if late and is_absence(late, unit.late_absence):
        return Verdict("旷", "12")
    if early and is_absence(early, unit.early_absence):
        return Verdict("旷", "13")
    beside = (("迟",) if late else ()) + (("早",) if early else ())
    if any(marks.of(mark) is None for mark in judged):
        return Verdict("缺", "11", beside, late, early)
    if late:
        return Verdict("迟", "12", beside[1:], late, early)
    return Verdict("早", "13", (), 0, early) if early else Verdict("√", "5")


def missing_marks(marks: Marks, needs: Collection[str], excused: Collection[str]) -> int:
    """Return how many of the required marks that are not excused are missing."""
    return sum(marks.of(mark) is None for mark in needs if mark not in excused)


def badness(unit: Unit, marks: Marks, needs: Collection[str], excused: Collection[str]) -> tuple[bool, int, int]:
    """Return how bad lines 10 to 13 are for the person, in the order of §2.8: 旷, marks missing, minutes together."""
    found = verdict(unit, marks, needs, excused)
    return found.result == "旷", missing_marks(marks, needs, excused), found.late + found.early
