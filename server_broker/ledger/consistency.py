"""Read what hangs together as it stood at one moment, though others commit meanwhile; and not for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

type StillInTime = Callable[[], None]
"""Raises `TookTooLong` once the time is over; for loops between the statements."""


class TookTooLong(Exception):
    """What was to be read is more than the reader may take time for."""


@contextmanager
def consistent_read(*, limit_s: float | None = None) -> Iterator[StillInTime]:
    """Have every query within see what was committed when the first began (REPEATABLE READ, READ ONLY).

    In a transaction that is open already, that one's isolation holds, and its statements are not limited.

    Args:
        limit_s: How long one statement may take, and everything up to a call of what this yields.

    Raises:
        TookTooLong: One of the two took longer.
    """
    began = time.monotonic()

    def still_in_time() -> None:
        if limit_s is not None and time.monotonic() - began > limit_s:
            raise TookTooLong(f"more than {limit_s} s")

    if connection.in_atomic_block:
        yield still_in_time
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # The planner takes long lists for longer ones, and compiles for seconds what runs for some ms.
            cursor.execute("SET LOCAL jit = off")
            if limit_s is not None:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(limit_s * 1000))])
            yield still_in_time
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong(f"a statement took more than {limit_s} s") from error
        raise
