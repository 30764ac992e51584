"""What a county notice (停班) removes of a window (§1.4)."""

from datetime import datetime

from tests.reckoning.case import Case
from tests.reckoning.due import Window
from tests.reckoning.minutes import minutes
from tests.reckoning.regions import parameter, within


def covered_by_notices(case: Case, window: Window) -> set[datetime]:
    """Return the minutes of a window that notices for its village cover together."""
    covered: set[datetime] = set()
    for notice in case.notices:
        if within(case, window.village, notice.scope, window.date):
            covered |= set(minutes(max(window.start, notice.start), min(window.end, notice.end)))
    return covered


def left_by_notices(case: Case, window: Window) -> set[datetime]:
    """Return the minutes of a window that notices leave; none where they leave less than ``min_rest`` (§1.4)."""
    covered = covered_by_notices(case, window)
    left = set(minutes(window.start, window.end)) - covered
    if covered and len(left) < parameter(case, "min_rest", window.village, window.date):
        return set()
    return left
