"""Change rows behind the county's back, as somebody with psql would."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

_GUARDED = ("audit_auditentry", "decisions_decidedfact", "decisions_decidedrow", "manifest_dailymanifest")


@contextmanager
def no_triggers() -> Iterator[None]:
    """Let the block change what the database would refuse to."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with pending checks can't be altered
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def psql(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run a statement without triggers, and return how many rows it concerned."""
    with no_triggers(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return int(cursor.rowcount)
