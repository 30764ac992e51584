"""How the worker talks to PostgreSQL: rows by COPY in binary form, statements through Django's connection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection


@dataclass(frozen=True, slots=True)
class Table:
    """Where a COPY goes: columns with their binary types."""

    name: str
    columns: dict[str, str]

    def statement(self) -> str:
        """Return the COPY statement."""
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN (FORMAT BINARY)"


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows; a row that exists fails the transaction.

    Raises:
        django.db.Error: As any statement.
    """
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, raw.cursor() as cursor, cursor.copy(table.statement()) as copy:
        copy.set_types(list(table.columns.values()))
        for row in rows:
            copy.write_row(row)


def query(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement that returns nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


IDENTITY_COLUMNS = {"station_id": "text", "epoch": "bytea", "seq": "int8"}
STAMP_COLUMNS = {
    "wall": "timestamptz",
    "quality": "text",
    "boot": "bytea",
    "mono_ms": "int8",
    "received_at": "timestamptz",
}
"""Of `server_broker.fleet.models.Stamped`."""
