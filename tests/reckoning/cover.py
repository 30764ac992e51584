"""What notices, leave, field duty and meetings elsewhere leave of a window: lines 1 to 4 of §3."""

from dataclasses import dataclass
from datetime import datetime

from tests.reckoning.case import Case, Leave
from tests.reckoning.due import Window
from tests.reckoning.minutes import MINUTE, cut, minutes
from tests.reckoning.notices import is_removed, left_by_notices
from tests.reckoning.powers import asked_late, is_approved
from tests.reckoning.regions import parameter
from tests.reckoning.returning import end_of

COVERS = ("假", "出", "会")


@dataclass(frozen=True)
class Covered:
    """A window after lines 1 to 4: ``result`` where they decide it, else ``start`` to ``end`` is what is judged."""

    window: Window
    start: datetime
    end: datetime
    result: str = ""
    line: str = ""
    kind: str = ""
    beside: tuple[str, ...] = ()
    part: bool = False
    leave_minutes: int = 0
    asked_late: bool = False

    @property
    def judged(self) -> bool:
        """Whether lines 5 to 13 judge (the rest of) the window."""
        return self.line == ""


@dataclass(frozen=True)
class Absence:
    """Approved leave, field duty or 会, from minute to minute, until its real end (§5)."""

    leave: Leave
    start: datetime
    end: datetime

    def minutes_between(self, first: datetime, end: datetime) -> set[datetime]:
        """Return which minutes of a stretch it covers."""
        return set(minutes(max(first, self.start), min(end, self.end)))


@dataclass(frozen=True)
class Approved:
    """An approved absence with the minutes of one window that it covers."""

    leave: Leave
    minutes: frozenset[datetime]


def approved_absences(case: Case) -> list[Absence]:
    """Return what is approved, each until its real end (§5)."""
    return [Absence(leave, cut(leave.start), end_of(case, leave)) for leave in case.leave if is_approved(case, leave)]


def covering(absences: list[Absence], window: Window, left: set[datetime]) -> list[Approved]:
    """Return which absences of the person cover minutes that notices left of a window."""
    found = []
    for absence in absences:
        if absence.leave.person == window.person:
            covered = absence.minutes_between(window.start, window.end) & left
            if covered:
                found.append(Approved(absence.leave, frozenset(covered)))
    return found


def covered(case: Case, absences: list[Absence], window: Window) -> Covered:
    """Return what lines 1 to 4 make of a window."""
    if not window.due or is_removed(case, window):
        return Covered(window, window.start, window.end, result="休", line="1")
    left = left_by_notices(case, window)
    found = covering(absences, window, left)
    min_rest = parameter(case, "min_rest", window.village, window.date)
    by_cover = {cover: set().union(*(one.minutes for one in found if one.leave.cover == cover)) for cover in COVERS}
    for cover, line in (("假", "2"), ("出", "3"), ("会", "3")):
        if by_cover[cover] and rests_too_little(left - by_cover[cover], min_rest):
            return decided(window, found, by_cover, cover, line)
    there = [cover for cover in COVERS if by_cover[cover]]
    rest = left - by_cover["假"] - by_cover["出"] - by_cover["会"]
    if there and rests_too_little(rest, min_rest):
        most = max(there, key=lambda cover: (len(by_cover[cover]), -COVERS.index(cover)))
        return decided(window, found, by_cover, most, "4")
    return Covered(
        window,
        start=min(rest),
        end=max(rest) + MINUTE,
        kind=kind_of([one for one in found if one.leave.cover == "假"]),
        beside=tuple(there),
        part=len(rest) < len(list(minutes(window.start, window.end))),
        leave_minutes=len(by_cover["假"]),
        asked_late=any(asked_late(one.leave) for one in found),
    )


def rests_too_little(rest: set[datetime], min_rest: int) -> bool:
    """Return whether what is left is nothing, or less than ``min_rest`` minutes in all (§3 line 2)."""
    return not rest or len(rest) < min_rest


def decided(
    window: Window, found: list[Approved], by_cover: dict[str, set[datetime]], cover: str, line: str
) -> Covered:
    """Return a window that one kind of absence decides; by line 4 the others are named beside it."""
    others = tuple(other for other in COVERS if by_cover[other] and other != cover) if line == "4" else ()
    named = [one for one in found if one.leave.cover in (cover, *others)]
    leave = [one for one in found if one.leave.cover == "假"]
    return Covered(
        window,
        window.start,
        window.end,
        result=cover,
        line=line,
        kind=kind_of(leave) if "假" in (cover, *others) else "",
        beside=others,
        part=line == "4",
        leave_minutes=len(by_cover["假"]) if "假" in others else 0,
        asked_late=any(asked_late(one.leave) for one in named),
    )


def kind_of(leave: list[Approved]) -> str:
    """Return the kind of leave: of several, of the one of most minutes, then of the earlier (§3 line 2)."""
    if not leave:
        return ""
    first = min(leave, key=lambda one: (-len(one.minutes), one.leave.start, one.leave.asked, one.leave.kind))
    return first.leave.kind
