"""The tables of this room that other rooms use in SQL."""

from server_broker.platform.tables import Table

BLOBS = Table(
    "media_blob",
    {
        "station_id": "text",
        "sha256": "bytea",
        "size": "int4",
        "media_type": "text",
        "purpose": "text",
        "about_epoch": "bytea",
        "about_seq": "int8",
        "announced_at": "timestamptz",
        "ranges": "jsonb",
        "completed_at": "timestamptz",
        "viewable": "bool",
        "evicted_reason": "text",
    },
)
