"""How ingest talks to PostgreSQL: statements and COPY on Django's connection, and COMMITs that wait for the disk."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

from server_broker.platform.tables import Table

_WAIT_FOR_THE_DISK = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
"""Only 'off' is changed: a county's own server may be set to wait for more than its own disk ('remote_apply')."""


def wait_for_the_disk() -> None:
    """Have each COMMIT of this connection wait for the disk.

    A station no longer sends the facts that the county says to have, and later erases them. So they must not be lost
    here if the power fails a moment later.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_THE_DISK)


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY in binary form. A row that exists already fails the transaction.

    Raises:
        django.db.Error: As any statement.
    """
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, raw.cursor() as cursor, cursor.copy(table.copy_statement()) as copy:
        # In binary form PostgreSQL converts nothing: each value must have exactly its column's type.
        copy.set_types(list(table.columns.values()))
        for row in rows:
            copy.write_row(row)


def query(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement that returns nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
