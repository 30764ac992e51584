"""A moment up to which all has come that ever comes from it, so that a sheet as of it is the same for ever."""

import datetime as dt

from server_broker.dated.locking import known_now
from server_broker.platform.sql import query

_STAMPED_BEFORE = dt.timedelta(seconds=5)
"""A batch of facts is stamped before its transaction begins, by less than this."""


def settled_horizon() -> dt.datetime:
    """Return the latest moment before which nobody who is writing now can have stamped anything."""
    now = known_now()
    [(began,)] = query(
        """SELECT min(xact_start) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
          AND state <> 'idle'""",
        [],
    )
    return now - _STAMPED_BEFORE if began is None else min(now, began) - _STAMPED_BEFORE
