"""Ask the rows of one subject what held at a time, in memory."""

import datetime as dt
from collections.abc import Sequence

from server_broker.dated.models import Dated


def row_at[D: Dated](rows: Sequence[D], at: dt.datetime) -> D | None:
    """Return the row that held at a time: the last that had begun, or the first of all if none had.

    Args:
        rows: Rows that stand, the oldest first. What nobody had on file yet counts as it was first.
    """
    found: D | None = None
    for row in rows:
        if found is not None and row.valid_from is not None and row.valid_from > at:
            break
        found = row
    return found
