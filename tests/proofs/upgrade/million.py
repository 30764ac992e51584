"""Fill a county's database with as many facts and touches as a county has after years, before it is upgraded."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

FACTS_A_STATION = 2_000
BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
_STATION = "insert into fleet_station (id, name, village_id, shard, enrolled_at, desired_version, reported_version, \
refused_version, refused_reason) select %s, '示例站', village_id, 0, %s, 0, 0, 0, '' from fleet_station limit 1"
_STREAM = "insert into fleet_stream (station_id, epoch, through, head, opened_at, issued) \
values (%s, %s, %s, %s, %s, %s) returning id"
_FACTS = "copy ingest_fact (stream_id, seq, digest, head, salt, body, kind, received_at, held_reason) from stdin"
_TOUCHES = "copy attendance_touch (station_id, epoch, seq, card_token, wall, quality, said_quality, boot, mono_ms, \
received_at, reader, answer, direction, chosen_direction) from stdin"


def seed_facts(home: Path, *, facts: int) -> int:
    """Put ``facts`` touches of fictional stations into the tables of the release that runs, by COPY.

    Nobody signed for them, so they count for size alone: the stations of the proof are others.

    Returns:
        How many facts the database holds now.
    """
    with psycopg.connect(host=str(home / "run"), user="cunhui", dbname="cunhui") as database:
        for number in range(0, facts, FACTS_A_STATION):
            _seed_station(database, f"years-{number // FACTS_A_STATION:05d}", min(FACTS_A_STATION, facts - number))
        found = database.execute("select count(*) from ingest_fact").fetchone()
    assert found is not None
    return int(found[0])


def _seed_station(database: "psycopg.Connection[tuple[object, ...]]", station: str, facts: int) -> None:
    epoch, card, boot = os.urandom(16), os.urandom(16), os.urandom(16)
    database.execute(_STATION, [station, BEGAN])
    row = database.execute(_STREAM, [station, epoch, facts, os.urandom(32), BEGAN, facts]).fetchone()
    assert row is not None
    body, salt = os.urandom(96), os.urandom(16)
    with database.cursor() as cursor, cursor.copy(_FACTS) as copy:
        for seq in range(1, facts + 1):
            at = BEGAN + timedelta(minutes=seq)
            copy.write_row((row[0], seq, os.urandom(32), os.urandom(32), salt, body, "touch", at, ""))
    with database.cursor() as cursor, cursor.copy(_TOUCHES) as copy:
        for seq in range(1, facts + 1):
            at = BEGAN + timedelta(minutes=seq)
            stamp = (at, "synced", "synced", boot, seq * 60_000, at)
            copy.write_row((station, epoch, seq, card, *stamp, "simulated", "recorded", "in", ""))
