"""Be alone with the dated rows for a moment, and say a time up to which the county's knowledge is complete."""

import datetime as dt

from django.db import connection, transaction

WRITERS = 0x64617465
"""Key of PostgreSQL's advisory lock for dated rows: "date" in ASCII. Each writer holds a share until its COMMIT."""


def alone(*, patience: dt.timedelta | None = None) -> None:
    """Wait for those who record something, and let nobody else begin before this transaction ends.

    Args:
        patience: How long this transaction waits for any lock, this one included; None: as long as it takes. Whoever
            waits holds up all who come after.

    Raises:
        OperationalError: It took longer.
    """
    with connection.cursor() as cursor:
        if patience is not None:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{round(patience.total_seconds() * 1000)}ms"]
            )
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS])


def among_writers() -> None:
    """Be one of those who record something, until this transaction ends.

    A writer becomes one with its first row at the latest. Whoever locks rows before it writes calls this first: whoever
    is `alone` meanwhile would wait for these rows, and be waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITERS])


def known_now() -> dt.datetime:
    """Return the database's time, once nobody is in the middle of recording something earlier.

    A question that is asked as of this time gets the same answer for ever.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A writer stamps its rows before its COMMIT. So a time that was read before the COMMIT could come to lie after
        # the stamp of a row that the reader did not see.
        alone()
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    known: dt.datetime = row[0]
    return known
