"""Swaps, and which leave is approved: a swap asks who is on leave, and leave whose the windows are (§1.3, §5).

Each asks the other only of what the county knew before, so that the asking ends.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from tests.reckoning.case import Case, Leave, Swap
from tests.reckoning.due import Overlap, Window, could_be_due, refuse_overlaps, rostered, without_displaced
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import DAY, MINUTE, cut, dates, dates_of_month, month_of
from tests.reckoning.notices import is_removed
from tests.reckoning.powers import asked_in_time, rank_for_length, standing
from tests.reckoning.returning import end_of
from tests.reckoning.workdays import is_working_day

LONGEST_DAYS = 366
MOMENT = timedelta(microseconds=1)


def agreed_at(swap: Swap) -> datetime | None:
    """Return when the second of the two had agreed; None while one has not (§1.3)."""
    words = {person: [word.at for word in swap.agreed if word.by == person] for person in (swap.giver, swap.taker)}
    if not all(words.values()):
        return None
    return max(min(at) for at in words.values())


def swaps_in_order(case: Case) -> list[Swap]:
    """Return the swaps to which both agreed, in the order in which their agreements were complete (§1.3)."""
    complete = []
    for number, swap in enumerate(case.swaps):
        agreed = agreed_at(swap)
        if agreed is not None:
            complete.append((agreed, number, swap))
    return [swap for _, _, swap in sorted(complete, key=lambda entry: entry[:2])]


def moved(case: Case, windows: list[Window], swap: Swap) -> list[Window]:
    """Return the windows after one swap: it moves a window only from the person who has it by then (§1.3).

    It must be agreed before the window's start; the taker could be due, and was not on leave then when both had agreed.
    Who gave it is shown 休; the window keeps its share (§4).
    """
    agreed = agreed_at(swap)
    after = list(windows)
    for number, window in enumerate(windows):
        if not window.due or window.person != swap.giver:
            continue
        if window.date != swap.date or window.start.time() != swap.window:
            continue
        if agreed is None or cut(agreed) >= window.start or not could_be_due(case, swap.taker, window.date):
            continue
        if is_on_leave(case, swap.taker, window, agreed):
            continue
        after[number] = replace(window, person=swap.taker)
        after.append(replace(window, due=False))
        break
    return after


def is_on_leave(case: Case, person: str, window: Window, agreed: datetime) -> bool:
    """Return whether somebody was away at some time of a window (leave, field duty, 会) before both agreed (§1.3).

    By what the county knew just before the agreement was complete. Leave that is approved later changes no swap.
    """
    theirs = [leave for leave in case.leave if leave.person == person and leave.start < window.end]
    if not theirs:
        return False
    then = as_known(case, agreed - MOMENT)
    return any(
        leave.start < window.end and window.start < end_of(then, leave) and is_approved(then, leave)
        for leave in then.leave
        if leave.person == person
    )


def windows_of_dates(case: Case, days: Iterable[date]) -> tuple[list[Window], bool]:
    """Return the windows of some dates, and whether anything must be refused because windows overlap (§1)."""
    windows: list[Window] = []
    for day in sorted(set(days)):
        windows += rostered(case, day)
    windows = without_displaced(case, windows)
    try:
        refuse_overlaps(windows)
        refused = False
    except Overlap:
        refused = True
    for swap in swaps_in_order(case):
        windows = moved(case, windows, swap)
        try:
            refuse_overlaps(windows)
        except Overlap:
            refused = True
    return sorted(windows, key=lambda window: (window.date, window.start, window.person)), refused


def touched_dates(leave: Leave) -> list[date]:
    """Return the dates of which a request touches a minute."""
    return dates(leave.start.date(), (leave.end - MINUTE).date())


def length(then: Case, leave: Leave) -> int:
    """Return a request's length: the dates with a window of the person's that it touches (§5).

    A window over midnight belongs to the date before. In a calendar month in which the person has no window, the
    working days that the request touches count instead. A window that a notice removes whole is nobody's any more.
    """
    touched = touched_dates(leave)
    months = {month_of(day) for day in [touched[0] - DAY, *touched]}
    days = [day for month in months for day in dates_of_month(month)]
    windows = [window for window in windows_of_dates(then, days)[0] if is_theirs(then, leave, window)]
    with_window = {window.date for window in windows if window.start < leave.end and leave.start < window.end}
    months_on_duty = {month_of(window.date) for window in windows}
    without = [day for day in touched if month_of(day) not in months_on_duty and is_working_day(then, day)]
    return len(with_window) + len(without)


def is_theirs(then: Case, leave: Leave, window: Window) -> bool:
    """Return whether a window is that of the person who asks (§5)."""
    return window.due and window.person == leave.person and not is_removed(then, window)


def is_approved(case: Case, leave: Leave) -> bool:
    """Return whether a request holds: asked in time, not for too long, approved by the decision that stands (§5)."""
    if not asked_in_time(leave) or len(touched_dates(leave)) > LONGEST_DAYS:
        return False
    decision = standing(
        case, leave.decisions, leave.person, leave.asked_by, lambda then: rank_for_length(length(then, leave))
    )
    return decision is not None and decision.yes
