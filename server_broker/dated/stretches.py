"""Join rows that follow one another into the stretch of time in which something held without a break."""

import datetime as dt
from collections.abc import Callable, Iterable

from server_broker.dated.models import Dated
from server_broker.dated.writing import Period


def stretch_around[Row: Dated](rows: Iterable[Row], at: dt.datetime, *, held: Callable[[Row], bool]) -> Period | None:
    """Return the period around ``at`` in which every row says ``held``. None: it did not hold then.

    Args:
        rows: All that stands of one subject, by time.
    """
    found: Period | None = None
    for row in rows:
        if row.valid_from is not None and row.valid_from > at and (found is None or not held(row)):
            break
        since = row.valid_from if found is None else found.since
        found = Period(since, row.valid_to) if held(row) else None
    return found
