"""The tables of this room that other rooms use in SQL, and the columns that all tables of facts share."""

from protocol.units import DATED_QUALITIES
from server_broker.platform.tables import Table

IDENTITY_COLUMNS = {"station_id": "text", "epoch": "bytea", "seq": "int8"}
"""The identity of the fact that a row was derived from."""

STAMP_COLUMNS = {
    "wall": "timestamptz",
    "quality": "text",
    "boot": "bytea",
    "mono_ms": "int8",
    "received_at": "timestamptz",
}
"""The columns of `server_broker.fleet.models.Stamped` that are filled when a row is inserted."""

DATING_QUALITIES = f"({', '.join(f"'{one}'" for one in DATED_QUALITIES)})"
"""What stands behind ``quality IN`` for rows that their station could date."""

LAST_SANE_SEQ = 10**9
"""A fact each second for thirty years: no station has signed more. Whoever states a higher number is wrong or lies."""


def known_wall(alias: str) -> str:
    """Return the SQL for when a stamped row was, as far as anybody knows; NULL if nobody does."""
    return f"coalesce({alias}.corrected_wall, CASE WHEN {alias}.quality IN {DATING_QUALITIES} THEN {alias}.wall END)"


STATIONS = Table(
    "fleet_station",
    {
        "id": "text",
        "shard": "int2",
        "record_key": "bytea",
        "revoked_at": "timestamptz",
        "desired_version": "int4",
        "reported_version": "int4",
        "refused_version": "int4",
        "refused_reason": "text",
    },
)
STREAMS = Table(
    "fleet_stream",
    {
        "id": "int8",
        "station_id": "text",
        "epoch": "bytea",
        "through": "int8",
        "head": "bytea",
        "opened_at": "timestamptz",
        "issued": "int8",
        "born_at": "timestamptz",
    },
)
STATION_STATUS = Table(
    "fleet_stationstatus",
    {
        "station_id": "text",
        "online": "bool",
        "heard_at": "timestamptz",
        "receipt_at": "timestamptz",
        "waiting": "int4",
        "blobs_waiting": "int4",
        "clock_quality": "text",
        "software": "text",
        "reader_ready": "bool",
        "camera_ready": "bool",
        "disk_free_kib": "int8",
        "resident_kib": "int8",
        "simulated": "bool",
    },
)
STATION_EVENTS = Table("fleet_stationevent", IDENTITY_COLUMNS | {"kind": "text"} | STAMP_COLUMNS | {"detail": "jsonb"})
CLOCK_RUNS = Table("fleet_clockrun", {"run": "bytea", "vouched": "int2", "ahead_ms": "int8", "doubted_by": "text"})
