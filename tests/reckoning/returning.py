"""When leave ended: by the person's 销假, which may come early (§5)."""

from datetime import datetime, timedelta

from tests.reckoning.cards import COUNTS, dated_touches, standing_of
from tests.reckoning.case import Case, Leave
from tests.reckoning.minutes import cut

TOUCH_DAYS = 3


def end_of(case: Case, leave: Leave) -> datetime:
    """Return in which minute leave really ended (§5); at or before its start, it was taken back whole."""
    end = cut(leave.end)
    if leave.returned is None or not may_return(case, leave, cut(leave.returned)):
        return end
    return min(end, cut(leave.returned))


def may_return(case: Case, leave: Leave, returned: datetime) -> bool:
    """Return whether a 销假 holds: for now or later, or for the minute of a dated touch of the last 3 days (§5)."""
    said = cut(leave.returned_known)
    if returned >= said:
        return True
    if said - returned > timedelta(days=TOUCH_DAYS):
        return False
    return cut(leave.start) <= returned < cut(leave.end) and any(
        cut(touch.at) == returned and standing_of(case, touch.card, cut(touch.at)) == (COUNTS, leave.person)
        for touch in dated_touches(case)
    )
