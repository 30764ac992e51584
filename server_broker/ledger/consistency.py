"""Read several tables as they stood at one moment, although others commit meanwhile; and stop after a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

type StillInTime = Callable[[], None]
"""Raises `TookTooLong` once the time is over. Loops between the statements call it, because no database stops those."""


class TookTooLong(Exception):
    """The reader may not take as long as this reading needs."""


@contextmanager
def consistent_read(*, limit_s: float | None = None) -> Iterator[StillInTime]:
    """Have every query inside see what was committed when the first one began (REPEATABLE READ, READ ONLY).

    If a transaction is open already, its own isolation holds, and its statements are not limited.

    Args:
        limit_s: How long one statement may take, and also how long everything may take until the yielded function is
            called.

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
            # PostgreSQL expects more rows from the arrays of these queries than there are. It would compile them (JIT),
            # which takes seconds, for a run of some ms.
            cursor.execute("SET LOCAL jit = off")
            if limit_s is not None:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(limit_s * 1000))])
            yield still_in_time
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong(f"a statement took more than {limit_s} s") from error
        raise
