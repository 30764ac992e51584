"""Who may approve what, and which decision stands (§5)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from tests.reckoning.case import Case, Decision, Leave
from tests.reckoning.due import Window
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import DAY, MINUTE, cut, dates, dates_of_month, midnight, month_of
from tests.reckoning.notices import is_removed
from tests.reckoning.regions import within
from tests.reckoning.swaps import windows_of_dates
from tests.reckoning.workdays import is_working_day

NO_RANK, SECRETARY, TOWNSHIP, COUNTY = range(4)
RANKS = {"cadre": NO_RANK, "secretary": SECRETARY, "township": TOWNSHIP, "county": COUNTY}
SECRETARY_DAYS = 1
TOWNSHIP_DAYS = 3
LATE_DAYS = 3
LONGEST_DAYS = 366


def in_commit_order(decisions: tuple[Decision, ...]) -> list[Decision]:
    """Return decisions as the county's database committed them (§5)."""
    return sorted(decisions, key=committed)


def committed(decision: Decision) -> tuple[int, datetime]:
    """Return where a decision stands in the order of commits."""
    return decision.commit, decision.at


def may_decide(then: Case, by: str, person: str, asked_by: str, needed: int, day: date) -> bool:
    """Return whether somebody may decide, by what the county knew at that moment (§5).

    Their region contains the person's; their rank is at least the needed one and the person's own; and they are
    neither asker nor person.
    """
    people = {row.id: row for row in then.people}
    if by not in people or person not in people or by in (person, asked_by):
        return False
    rank = RANKS[people[by].rank]
    return (
        within(then, people[person].village, people[by].village, day)
        and rank >= needed
        and rank >= RANKS[people[person].rank]
    )


def standing(
    case: Case, decisions: tuple[Decision, ...], person: str, asked_by: str, needed: Callable[[Case], int]
) -> Decision | None:
    """Return the decision that stands: the first by commit order that was made with the power for it (§5).

    One that was made without the power was refused when it was made, and is no decision. ``needed`` says which rank it
    took, by what the county knew at that moment.
    """
    for decision in in_commit_order(decisions):
        then = as_known(case, decision.at)
        if may_decide(then, decision.by, person, asked_by, needed(then), decision.at.date()):
            return decision
    return None


def rank_for_length(days: int) -> int:
    """Return the rank that leave of a length needs (§5)."""
    if days <= SECRETARY_DAYS:
        return SECRETARY
    return TOWNSHIP if days <= TOWNSHIP_DAYS else COUNTY


def touched_dates(leave: Leave) -> list[date]:
    """Return the dates of which a request touches a minute; none, if it begins and ends in one minute."""
    return dates(leave.start.date(), (cut(leave.end) - MINUTE).date())


def length(then: Case, leave: Leave) -> int:
    """Return a request's length: the dates with a window of the person's that it touches (§5).

    A window over midnight belongs to the date before. In a calendar month in which the person has no window, the
    working days that the request touches count instead. A window that a notice removes whole is nobody's any more.
    """
    touched = touched_dates(leave)
    start, end = cut(leave.start), cut(leave.end)
    around = dates_around(touched)
    with_window = {
        window.date for window in windows_of(then, leave, around) if window.start < end and start < window.end
    }
    months = {month_of(day) for day in touched} - {month_of(day) for day in with_window}
    days = [day for month in months for day in dates_of_month(month)]
    off_duty = months - {month_of(window.date) for window in windows_of(then, leave, days)}
    without = [day for day in touched if month_of(day) in off_duty and is_working_day(then, day)]
    return len(with_window) + len(without)


def dates_around(days: list[date]) -> list[date]:
    """Return some dates with those whose windows may reach into them, or may bound a window of theirs (§1.1)."""
    return sorted({day + off * DAY for day in days for off in (-2, -1, 0, 1)})


def windows_of(then: Case, leave: Leave, days: list[date]) -> list[Window]:
    """Return the windows of some dates that are those of the person who asks (§5)."""
    return [window for window in windows_of_dates(then, days)[0] if is_theirs(then, leave, window)]


def is_theirs(then: Case, leave: Leave, window: Window) -> bool:
    """Return whether a window is that of the person who asks (§5)."""
    return window.due and window.person == leave.person and not is_removed(then, window)


def asked_late(leave: Leave) -> bool:
    """Return whether a request was made in the minute of its start or after, so that it is marked 补 (§5)."""
    return cut(leave.asked) >= cut(leave.start)


def asked_in_time(leave: Leave) -> bool:
    """Return whether a request came before 24:00 of the third calendar day after the date of its last minute (§5)."""
    last = (cut(leave.end) - MINUTE).date()
    return leave.asked < midnight(last + timedelta(days=LATE_DAYS + 1))


def is_approved(case: Case, leave: Leave) -> bool:
    """Return whether a request holds: asked in time, not for too long, approved by the decision that stands (§5)."""
    if not asked_in_time(leave) or len(touched_dates(leave)) > LONGEST_DAYS:
        return False
    decision = standing(
        case, leave.decisions, leave.person, leave.asked_by, lambda then: rank_for_length(length(then, leave))
    )
    return decision is not None and decision.yes
