"""What is judged together, with its spans: a window, or the windows of a date that have ``ends`` (§1.5, §2.3, §3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.reckoning.case import Case
from tests.reckoning.cover import Covered
from tests.reckoning.minutes import count, half_way
from tests.reckoning.regions import parameter

NEAR_MINUTES = 30
DOWN_MINUTES = 30


def plus(moment: datetime, number: int) -> datetime:
    """Return a time so many minutes later."""
    return moment + timedelta(minutes=number)


@dataclass(frozen=True)
class Spans:
    """An arrival span and a departure span; each includes its first minute and not its last (§2.3)."""

    arrival: tuple[datetime, datetime]
    departure: tuple[datetime, datetime]

    def place_of(self, minute: datetime) -> str:
        """Return in which span a minute lies: "in", "out" or "" for neither."""
        if self.arrival[0] <= minute < self.arrival[1]:
            return "in"
        if self.departure[0] <= minute < self.departure[1]:
            return "out"
        return ""


@dataclass(frozen=True)
class Unit:
    """What is judged together. ``start`` and ``end`` are the whole windows', ``first`` and ``until`` what is judged."""

    marks: str
    covered: tuple[Covered, ...]
    start: datetime
    end: datetime
    first: datetime
    until: datetime
    needs: tuple[str, ...]
    whole: Spans
    spans: Spans
    grace_in: int
    grace_out: int
    late_absence: int | None
    early_absence: int | None
    last_minute: datetime

    @property
    def person(self) -> str:
        return self.covered[0].window.person

    def needs_of(self, covered: Covered) -> tuple[str, ...]:
        """Return for which marks a window of the unit answers: of several the first for the arrival, the last for the
        departure (§3, ``ends``).
        """
        if len(self.covered) == 1:
            return self.needs
        if covered == self.covered[0]:
            return ("in",)
        return ("out",) if covered == self.covered[-1] else ()


def parameter_of(case: Case, name: str, covered: Covered) -> Any:
    """Return the value in force for a window: of its roster's village, on its date (introduction)."""
    return parameter(case, name, covered.window.village, covered.window.date)


def unit(case: Case, marks: str, covered: tuple[Covered, ...]) -> Unit:
    """Return the unit that some windows form, with its spans before any half-way cut (§2.3).

    The first window's parameters hold for the arrival, the last one's for the departure. Where a part is covered, the
    outer edges stay the whole window's and the middle is the rest's (§3 line 4).
    """
    one, last = covered[0], covered[-1]
    start, end = one.window.start, last.window.end
    opens = plus(start, -parameter_of(case, "open_before", one))
    closes = plus(end, parameter_of(case, "open_after", last))
    if marks == "arrival":
        whole = Spans((opens, end), (end, end))
    else:
        middle = half_way(one.start, last.end)
        whole = Spans((opens, middle), (middle, closes))
    return Unit(
        marks=marks,
        covered=covered,
        start=start,
        end=end,
        first=one.start,
        until=last.end,
        needs=("in",) if marks == "arrival" else ("in", "out"),
        whole=whole,
        spans=whole,
        grace_in=parameter_of(case, "grace_in", one),
        grace_out=parameter_of(case, "grace_out", last),
        late_absence=parameter_of(case, "late_absence", one),
        early_absence=parameter_of(case, "early_absence", last),
        last_minute=max(closes, plus(end, DOWN_MINUTES + parameter_of(case, "grace_in", last))),
    )


def units_of_person(case: Case, judged: list[Covered]) -> list[Unit]:
    """Return the units of one person's judged windows by time, with their spans cut (§1.5, §2.3)."""
    units = []
    groups: dict[Any, list[Covered]] = {}
    for covered in sorted(judged, key=lambda one: (one.window.start, one.window.end)):
        marks = covered.window.marks or parameter_of(case, "marks", covered)
        if marks == "ends":
            groups.setdefault(covered.window.date, []).append(covered)
        else:
            units.append(unit(case, marks, (covered,)))
    units += [unit(case, "ends", tuple(group)) for group in groups.values()]
    units.sort(key=lambda one: (one.start, one.end))
    return [cut_by_neighbours(units, one) for one in units]


def next_unit(units: list[Unit], here: Unit) -> Unit | None:
    """Return the person's next unit: the first that starts when this one has ended, or later (§2.3)."""
    return min((one for one in units if one.start >= here.end), key=lambda one: one.start, default=None)


def previous_unit(units: list[Unit], here: Unit) -> Unit | None:
    """Return the person's unit before: the last that has ended when this one starts."""
    return max((one for one in units if one.end <= here.start), key=lambda one: one.end, default=None)


def cut_between(one: Unit, other: Unit) -> datetime | None:
    """Return where the spans of two units that follow one another are cut; None where they do not meet (§2.3).

    Half-way between the one's end and the other's start, of the whole windows. After a window with ``arrival`` the next
    span begins at that window's end at the earliest (§1.5).
    """
    if one.marks == "arrival":
        return one.end
    if one.whole.departure[1] > other.whole.arrival[0]:
        return half_way(one.end, other.start)
    return None


def cut_by_neighbours(units: list[Unit], here: Unit) -> Unit:
    """Return a unit with its spans cut where they meet its neighbours' (§2.3).

    That a span begins at the end of a window with ``arrival`` is no half-way cut, so it holds for the whole spans too.
    """
    before, after = previous_unit(units, here), next_unit(units, here)
    opens, closes = here.whole.arrival[0], here.whole.departure[1]
    whole = here.whole
    if before is not None and (border := cut_between(before, here)) is not None:
        opens = max(opens, border)
        if before.marks == "arrival":
            whole = Spans((opens, whole.arrival[1]), whole.departure)
    if after is not None and here.marks != "arrival" and (border := cut_between(here, after)) is not None:
        closes = min(closes, border)
    spans = Spans((opens, here.whole.arrival[1]), (here.whole.departure[0], closes))
    return Unit(**{**vars(here), "whole": whole, "spans": spans})


def are_near(one: Unit, other: Unit) -> bool:
    """Return whether two windows are less than 30 minutes apart, so that one touch serves both (§2.5).

    Only a window that wants a departure can be served so by the touch that is the next one's arrival.
    """
    return "out" in one.needs and count(one.end, other.start) < NEAR_MINUTES


def in_shared_stretch(one: Unit, other: Unit, minute: datetime) -> bool:
    """Return whether a minute lies where one touch serves two windows that are near one another (§2.5).

    From ``grace_out`` before the first's end to ``grace_in`` after the second's start, of the whole windows; the last
    minute too, at which one still arrives in time.
    """
    return plus(one.end, -one.grace_out) <= minute <= plus(other.start, other.grace_in)
