"""What a county notice (停班) removes of a window (§1.4)."""

from datetime import datetime

from tests.reckoning.case import Case
from tests.reckoning.due import Window
from tests.reckoning.minutes import count, cut, minutes
from tests.reckoning.regions import parameter, within


def covered_by_notices(case: Case, window: Window) -> set[datetime]:
    """Return the minutes of a window that notices for its village cover together."""
    covered: set[datetime] = set()
    for notice in case.notices:
        if within(case, window.village, notice.scope, window.date):
            covered |= set(minutes(max(window.start, cut(notice.start)), min(window.end, cut(notice.end))))
    return covered


def is_removed(case: Case, window: Window) -> bool:
    """Return whether notices cover a window: the whole of it, or all but less than ``min_rest`` (§1.4)."""
    covered = len(covered_by_notices(case, window))
    left = count(window.start, window.end) - covered
    return covered > 0 and left < max(1, parameter(case, "min_rest", window.village, window.date))


def left_by_notices(case: Case, window: Window) -> set[datetime]:
    """Return the minutes of a window that notices leave."""
    return set(minutes(window.start, window.end)) - covered_by_notices(case, window)
