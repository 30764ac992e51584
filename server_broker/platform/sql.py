"""Statements and COPY on Django's connection, for rooms that store tens of thousands of rows in a second."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg.types.array import ListBinaryDumper
from psycopg.types.string import BytesBinaryDumper

from protocol.china_time import ZONE
from server_broker.platform.tables import Table

LOCAL_ZONE = f"'{ZONE}'"
"""What stands behind ``AT TIME ZONE``."""


def copy_rows(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY in binary form. A row that exists already fails the transaction.

    Raises:
        django.db.Error: As any statement.
    """
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, raw.cursor() as cursor:
        # By type alone psycopg takes the dumper that was registered last: for bytea one in Python, not the one in C.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        with cursor.copy(table.copy_statement()) as copy:
            _write(copy, table, rows)


def _write(copy: psycopg.Copy, table: Table, rows: Iterable[Sequence[Any]]) -> None:
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


def query_arrays(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a statement that takes long arrays.

    They go beside the statement in binary form. As text in it they cost the worker three times as much and PostgreSQL
    nearly twice. So the statement must give a type to each parameter whose place gives it none, as in
    ``unnest(%s::bytea[])``.
    """
    with _arrays_cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def execute_arrays(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement that takes long arrays and returns nothing; otherwise as `query_arrays`."""
    with _arrays_cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def _arrays_cursor() -> Iterator[CursorWrapper]:
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    # By type alone psycopg takes the dumper that was registered last: for lists the one that writes text.
    cursor.adapters.register_dumper(list, ListBinaryDumper)
    # As Django wraps its own cursors: so the statement is guarded, counted by tests, and its errors are Django's.
    wrapper = CursorDebugWrapper if connection.queries_logged else CursorWrapper
    with wrapper(cursor, connection) as wrapped:
        yield wrapped


def lock_until_commit(key: int, name: str | None = None) -> None:
    """Wait for PostgreSQL's advisory lock of this key, and hold it until the caller's transaction ends.

    Args:
        key: Four letters of a room as a number, so that no two rooms take the same.
        name: What of that room is locked, where not all of it is.
    """
    if name is None:
        execute("SELECT pg_advisory_xact_lock(%s)", [key])
    else:
        execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [key, name])


def take_notes(table: str, columns: str, *, most: int) -> list[tuple[Any, ...]]:
    """Delete the oldest notes of a table and return these columns of them, in the caller's transaction.

    Notes that somebody else is just taking are passed over. A table of notes has an ``id`` that grows.

    Args:
        table: Its name, one of our own constants.
        columns: As in SQL, likewise.
    """
    return query(
        f"""DELETE FROM {table} WHERE id IN (
                SELECT id FROM {table} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING {columns}""",  # noqa: S608 - our own constants
        [most],
    )
