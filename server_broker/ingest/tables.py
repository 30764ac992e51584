"""The tables of this room that SQL names, here and in the ledger."""

from server_broker.fleet.tables import IDENTITY_COLUMNS
from server_broker.platform.tables import Table

FACTS = Table(
    "ingest_fact",
    {
        "stream_id": "int8",
        "seq": "int8",
        "digest": "bytea",
        "head": "bytea",
        "salt": "bytea",
        "body": "bytea",
        "kind": "text",
        "received_at": "timestamptz",
        "held_reason": "text",
    },
)
REISSUES = Table(
    "ingest_reissue",
    IDENTITY_COLUMNS
    | {
        "digest": "bytea",
        "identity_epoch": "bytea",
        "identity_seq": "int8",
        "carrier_epoch": "bytea",
        "carrier_seq": "int8",
    },
)
DATING_DUE = Table(
    "ingest_datingdue",
    {
        "station_id": "text",
        "boot": "bytea",
        "large": "bool",
        "from_scratch": "bool",
        "asked": "int4",
        "in_walk": "bool",
        "moved": "int4",
        "moved_told": "int4",
        "moved_most_ms": "int8",
    },
)
WRITE_OFFS = Table("ingest_writeoff", {"fact_id": "int8"})
SIGNED_HEADS = Table(
    "ingest_signedheadkept", {"stream_id": "int8", "through": "int8", "head": "bytea", "signature": "bytea"}
)
UNPROVEN_HEADS = Table(
    "ingest_unprovenhead",
    {
        "id": "int8",
        "stream_id": "int8",
        "seq": "int8",
        "head": "bytea",
        "signature": "bytea",
        "connection": "bytea",
    },
)
