"""Edit one value of one row as somebody with psql would, and ask ``cunhui-server verify county``.

Import it after `django.setup`.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import Field, Model

from server_broker.decisions.rows import table_of, watched_models
from server_broker.manifest.county_check import check_county
from server_broker.manifest.tables import columns_of, dated_models
from server_broker.platform.home import CountyHome

_OTHER = {
    "text": "{c} || 'x'",
    "varchar": "{c} || 'x'",
    "int2": "{c} + 1",
    "int4": "{c} + 1",
    "int8": "{c} + 1",
    "bool": "NOT {c}",
    "timestamptz": "{c} + interval '1 second'",
    "date": "{c} + 1",
    "bytea": "set_byte({c}, 0, get_byte({c}, 0) # 1)",
    "jsonb": "to_jsonb({c}::text || 'x')",
    "_int2": "{c} || 1::int2",
}
_RECORDS = {
    "audit_auditentry": ("at", "actor", "source", "action", "subject", "detail", "previous_hash", "hash"),
    "decisions_decidedfact": ("seq", "salt", "body", "head", "signature"),
    "decisions_decidedrow": ("place", "table", "row", "digest", "salt", "body"),
    "decisions_countystream": ("county", "epoch", "through", "head", "record_key"),
    "manifest_dailymanifest": ("number", "signed", "leaves"),
    "manifest_dailytable": ("table", "columns", "rows", "ended"),
}


def may_disable_triggers(home: CountyHome) -> None:
    """Let the county's own role do what a superuser of the database can."""
    with psycopg.connect(host=str(home.postgres_socket), dbname="postgres", user="postgres", autocommit=True) as link:
        link.execute("GRANT SET ON PARAMETER session_replication_role TO cunhui")


def edits(rng: Random) -> Iterator[tuple[str, str]]:
    """Yield each column that the record vouches for, edit one row of it, ask, and say what was found; undo the edit.

    Yields:
        Table and column, and the first problem that was found; ``""`` if none was.
    """
    columns = [(table, name) for table, names in _RECORDS.items() for name in names]
    columns += [(table_of(model), column) for model in watched_models() for column in _decided(model)]
    columns += [(table_of(model), name) for model in dated_models() for name in columns_of(model)]
    columns += [(table_of(model), "superseded_at") for model in dated_models()]
    for table, column in columns:
        found = _edit(table, column, rng)
        if found is not None:
            yield f"{table}.{column}", found


def _decided(model: type[Model]) -> list[str]:
    fields = [model._meta.get_field(name) for name in getattr(model, "decided_fields", ())]
    return [field.column for field in fields if isinstance(field, Field) and not field.many_to_many]


def _edit(table: str, column: str, rng: Random) -> str | None:
    """Return what was found; None if the table has no such value, or the database itself refuses the new one."""
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                if not _change(cursor, table, column, rng):
                    return None
        except DatabaseError:
            return None
        problems = check_county().problems
        transaction.set_rollback(True)
    return problems[0].sentence() if problems else ""


def _change(cursor: Any, table: str, column: str, rng: Random) -> bool:
    cursor.execute(
        "SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s", [table, column]
    )
    (kind,) = cursor.fetchone()
    cursor.execute(f'SELECT ctid::text FROM {table} WHERE "{column}" IS NOT NULL ORDER BY ctid')
    rows = [row for (row,) in cursor.fetchall()]
    if not rows:
        return False
    other = _OTHER[kind].replace("{c}", f'"{column}"')
    cursor.execute(f'UPDATE {table} SET "{column}" = {other} WHERE ctid = %s::tid', [rng.choice(rows)])
    return bool(cursor.rowcount)
