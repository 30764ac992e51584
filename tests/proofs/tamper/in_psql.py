"""Edit, drop or invent one row as somebody with psql would, and ask ``cunhui-server verify county``.

Import it after `django.setup`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import Field, Model

from server_broker.decisions.rows import table_of, watched_models
from server_broker.derived.projections import PROJECTIONS
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
    "_int4": "{c} || 1",
    "_int8": "{c} || 1::int8",
    "_varchar": "{c} || 'x'::varchar",
    "uuid": "gen_random_uuid()",
}
_RECORDS = {
    "audit_auditentry": ("at", "actor", "source", "action", "subject", "detail", "previous_hash", "hash"),
    "decisions_decidedfact": ("seq", "salt", "body", "head", "signature"),
    "decisions_decidedrow": ("place", "table", "row", "digest", "salt", "body"),
    "decisions_countystream": ("county", "epoch", "through", "head", "record_key"),
    "manifest_dailymanifest": ("number", "signed", "leaves"),
    "manifest_dailytable": ("table", "columns", "rows", "ended"),
    "ingest_fact": ("seq", "digest", "head", "salt", "body", "kind", "held_reason", "received_at"),
    "ingest_signedheadkept": ("through", "head", "signature"),
    "fleet_stream": ("epoch", "through", "head"),
    "retention_erasure": ("holding", "received_before", "facts", "digest"),
    "retention_erasedfact": ("seq", "digest"),
    "enrolment_claim": ("secret_hash", "station_id", "created_at", "expires_at"),
}
_BESIDE = {
    "ingest_reissue": ("epoch", "seq", "digest", "identity_epoch", "identity_seq", "carrier_epoch", "carrier_seq"),
    "pins_pinclaim": ("epoch", "seq", "number", "salt", "at"),
    "media_blob": ("sha256", "media_type", "purpose", "about_epoch", "about_seq", "evicted_reason"),
    "orders_stationorder": ("id", "answered_at", "outcome", "detail", "figures"),
}
"""Tables that facts fill in their own way, with the columns that follow from facts."""
_SPECIAL = {
    "seq": "{c} + 1000000",
    "received_at": "{c} - interval '1 second'",
    "direction": "CASE WHEN {c} = 'in' THEN 'out' ELSE 'in' END",
    "chosen_direction": "CASE WHEN {c} = 'in' THEN 'out' ELSE 'in' END",
    "answered_at": "NULL",
    "id": "gen_random_uuid()",
}
"""Other values for columns of derived rows: within their bounds, and not such as time alone would bring about."""
_OF_A_FACT = """EXISTS (SELECT 1 FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id
    WHERE s.station_id = t.station_id AND s.epoch = t.epoch AND f.seq = t.seq AND f.body IS NOT NULL)"""
"""Only of a fact that is not erased can anybody say what its row must be."""
_CLAIM = """INSERT INTO enrolment_claim (lookup, secret_hash, station_id, created_at, expires_at, wrong_tries, fact_id)
    SELECT '999999', secret_hash, station_id, created_at, expires_at, 0, fact_id FROM enrolment_claim
    WHERE ctid = '{row}'"""
_MOVED = """WITH f AS (
        UPDATE ingest_fact SET received_at = received_at + interval '{by}' WHERE ctid = '{{row}}'
        RETURNING stream_id, seq, received_at
    )
    UPDATE attendance_touch t SET received_at = f.received_at FROM f JOIN fleet_stream s ON s.id = f.stream_id
    WHERE t.station_id = s.station_id AND t.epoch = s.epoch AND t.seq = f.seq"""
_BY = ("-2 days", "-1 second", "1 second", "2 days")
_JUDGED = {("pins_numberentry", "counts"): "t.clocks"}
"""Where only some rows have a value that follows from anything."""
_NAMED_BY = {("pins_numberentry", "counts"): "attendance_touch"}
"""Whether a number counts, its touch says too. The two contradict each other, and the touch is compared first."""


def may_disable_triggers(home: CountyHome) -> None:
    """Let the county's own role do what a superuser of the database can."""
    with psycopg.connect(host=str(home.postgres_socket), dbname="postgres", user="postgres", autocommit=True) as link:
        link.execute("GRANT SET ON PARAMETER session_replication_role TO cunhui")


@dataclass(frozen=True, slots=True)
class Edit:
    """One statement of somebody with psql, and how the row that it is about must be named."""

    place: str
    statement: str
    named: str = ""
    where: str = "true"
    """Which rows ``t`` of the table may be chosen; one of them is, and the statement calls it ``{row}``."""
    table: str = ""


def all_edits() -> list[Edit]:
    """Return the edits: a value of each column that the record vouches for; and a row gone, and one too many."""
    columns = [(table, name) for table, names in _RECORDS.items() for name in names]
    columns += [(table_of(model), column) for model in watched_models() for column in _decided(model)]
    columns += [(table_of(model), name) for model in dated_models() for name in columns_of(model)]
    columns += [(table_of(model), "superseded_at") for model in dated_models()]
    found = [_of_column(table, column, {}) for table, column in columns]
    for projection in PROJECTIONS:
        table = projection.table.name
        own = ("epoch", "seq", *projection.columns, "said_quality", "corrected_wall")
        found += [_of_column(table, name, _SPECIAL, _JUDGED.get((table, name), _OF_A_FACT)) for name in own]
        found += _whole_rows(table, _OF_A_FACT)
    for table, names in _BESIDE.items():
        found += [_of_column(table, name, _SPECIAL) for name in names]
        # What is sent to a station is decided, and the outcome alone is a fact's.
        found += _whole_rows(table, "true") if table != "orders_stationorder" else []
    blank = "UPDATE ingest_fact SET salt = NULL, body = NULL WHERE ctid = '{row}'"
    touches = "t.kind = 'touch' AND t.body IS NOT NULL"
    found.append(Edit("ingest_fact blanked", blank, where=touches, table="ingest_fact"))
    found += [Edit(f"a touch moved by {by}", _MOVED.format(by=by), where=touches, table="ingest_fact") for by in _BY]
    later = "UPDATE attendance_touch SET received_at = received_at + interval '1 day' WHERE ctid = '{row}'"
    found.append(Edit("attendance_touch later", later, "（attendance_touch）", table="attendance_touch"))
    return [*found, Edit("enrolment_claim invented", _CLAIM, "（enrolment_claim）", table="enrolment_claim")]


def _of_column(table: str, column: str, special: Mapping[str, str], where: str = "true") -> Edit:
    kind = _kinds(table)[column]
    other = special.get(column, _OTHER[kind]).replace("{c}", f'"{column}"')
    statement = f"UPDATE {table} SET \"{column}\" = {other} WHERE ctid = '{{row}}'"
    named = f"（{_NAMED_BY.get((table, column), table)}）" if special else ""
    return Edit(f"{table}.{column}", statement, named, f'({where}) AND t."{column}" IS NOT NULL', table)


def _whole_rows(table: str, where: str) -> list[Edit]:
    copied = [name for name in _kinds(table) if name not in ("id", "seq", "sha256", "digest")]
    own = {name: value for name, value in _FRESH.items() if name in _kinds(table)}
    names = ", ".join(f'"{name}"' for name in (*own, *copied))
    values = ", ".join((*own.values(), *(f'"{name}"' for name in copied)))
    invented = f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE ctid = '{{row}}'"
    return [
        Edit(f"{table} dropped", f"DELETE FROM {table} WHERE ctid = '{{row}}'", f"（{table}）", where, table),
        Edit(f"{table} invented", invented, f"（{table}）", where, table),
    ]


_FRESH = {"seq": "seq + 1000000", "sha256": "sha256('x')", "digest": "sha256('x')"}
"""What an invented row has of its own, so that the database takes it."""


@cache
def _kinds(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s ORDER BY 1", [table]
        )
        return dict(cursor.fetchall())


def _decided(model: type[Model]) -> list[str]:
    fields = [model._meta.get_field(name) for name in getattr(model, "decided_fields", ())]
    return [field.column for field in fields if isinstance(field, Field) and not field.many_to_many]


def found_of(edit: Edit, rng: Random) -> str | None:
    """Make an edit, ask, and undo it.

    Returns:
        What was found, preferably what names the row; ``""`` if nothing was; None if the table has no such row, or the
        database itself refuses the edit.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                if not _make(cursor, edit, rng):
                    return None
        except DatabaseError:
            return None
        said = [problem.sentence() for problem in check_county().problems]
        transaction.set_rollback(True)
    return next((sentence for sentence in said if edit.named in sentence), next(iter(said), ""))


def _make(cursor: Any, edit: Edit, rng: Random) -> bool:
    cursor.execute(f"SELECT t.ctid::text FROM {edit.table} t WHERE {edit.where} ORDER BY t.ctid")
    rows = [row for (row,) in cursor.fetchall()]
    if not rows:
        return False
    cursor.execute(edit.statement.replace("{row}", rng.choice(rows)))
    return bool(cursor.rowcount)
