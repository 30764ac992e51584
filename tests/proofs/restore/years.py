"""How long a county with years of facts takes to be backed up and restored."""

import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.report import Value
from tests.proofs.restore.village import Village

FACTS_A_STATION = 20_000
_STATIONS = """insert into fleet_station (id, name, village_id, shard, enrolled_at, desired_version, reported_version,
    refused_version, refused_reason)
    select 'years-' || n, '示例站', (select min(code) from regions_region), 0, now(), 0, 0, 0, ''
    from generate_series(1, %s) n"""
_STREAMS = """insert into fleet_stream (station_id, epoch, through, head, opened_at, issued)
    select id, decode(md5(id), 'hex'), %s, sha256(id::bytea), now(), %s from fleet_station where id like 'years-%%'"""
_FACTS = """insert into ingest_fact (stream_id, seq, digest, head, salt, body, kind, received_at, held_reason)
    select s.id, n, sha256((s.id || '/' || n)::bytea), sha256((n || '/' || s.id)::bytea),
    decode(md5(n || 'a'), 'hex'), sha256((n || 'b')::bytea) || sha256((n || 'c')::bytea) || sha256((n || 'd')::bytea),
    'touch', now(), '' from fleet_stream s, generate_series(1, %s) n where s.station_id = %s"""
_TOUCHES = """insert into attendance_touch (station_id, epoch, seq, card_token, wall, quality, said_quality, boot,
    mono_ms, received_at, reader, answer, direction, chosen_direction)
    select station_id, epoch, n, decode(md5((n %% 50)::text), 'hex'), now() - n * interval '1 minute', 'synced',
    'synced', epoch, n * 60000, now(), 'simulated', 'recorded', 'in', ''
    from fleet_stream, generate_series(1, %s) n where station_id = %s"""


def timed(folder: Path, facts: int) -> dict[str, Value]:
    """Fill a county, back it up, throw it away and restore it; return the minutes of each step."""
    village = Village(folder, 1, seed=0)
    village.disk.mkdir()
    county = village.county
    county.init()
    county.start()
    found: dict[str, Value] = {"facts": facts}
    try:
        village.load()
        _fill(county, facts)
        village.key.write_text(county.tool("backup", "setup", str(village.disk)), encoding="utf-8")
        found["backup_minutes"] = _minutes(lambda: county.tool("backup", "now"))
        size = sum(path.stat().st_size for path in (county.home / "postgres").rglob("*") if path.is_file())
        found["database_mb"] = round(size / 1e6)
    finally:
        county.stop()
    shutil.rmtree(county.home)
    found["disk_mb"] = round(sum(path.stat().st_size for path in village.disk.rglob("*.age")) / 1e6)
    back = folder / "back"
    done: list[subprocess.CompletedProcess[str]] = []
    found["restore_minutes"] = _minutes(lambda: done.append(village.restore(village.disk, village.key, back)))
    found["facts_back"] = _said(done[0])
    return found


def _said(done: "subprocess.CompletedProcess[str]") -> int:
    """Return how many facts the restored database has, as the verb said."""
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("数据库有"))
    return int(line.split()[1])


def _minutes(do: object) -> float:
    assert callable(do)
    began = time.monotonic()
    do()
    return round((time.monotonic() - began) / 60, 2)


def _fill(county: DemoCounty, facts: int) -> None:
    stations = max(1, facts // FACTS_A_STATION)
    each = facts // stations
    with psycopg.connect(host=str(county.home / "run"), user="cunhui", dbname="cunhui", autocommit=True) as link:
        link.execute(_STATIONS, [stations])
        link.execute(_STREAMS, [each, each])
        for number in range(1, stations + 1):
            link.execute(_FACTS, [each, f"years-{number}"])
            link.execute(_TOUCHES, [each, f"years-{number}"])
