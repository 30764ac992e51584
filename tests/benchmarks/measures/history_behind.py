"""What one touch after another costs with and without years behind their station, in the database of the settings.

Costs are processor time of this process and of its PostgreSQL backend, so other work on the machine is not included.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from django.db import connection

from protocol.facts import ClockCorrected, Fact
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.station_double import BOOT, WALL, StationDouble, moment, touch

_TICKS_A_MS = os.sysconf("SC_CLK_TCK") / 1000
_HISTORY = """
INSERT INTO fleet_stationevent (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, kind, detail)
SELECT %s, decode(md5('before'), 'hex'), n, now() - interval '2 years' + n * interval '10 min', 'synced',
       decode(md5((n / 200)::text), 'hex'), n, now(), 'window_closed', '{}'
FROM generate_series(1, %s) AS n
"""
_FORGET = "DELETE FROM fleet_stationevent WHERE station_id = %s AND kind = 'window_closed'"


def medians(*, events: int, turns: int, touches: int) -> tuple[float, float]:
    """Return the cost of a touch in ms without and with ``events`` behind it, each as the median of ``turns`` turns."""
    station = StationDouble(id="bench-touches")
    station.enrol()
    learnt = ClockCorrected(at=moment(1), boot=BOOT, mono=1, wall=WALL + 1, source="county", before="unknown")
    _process(station, learnt)
    _cost_ms(station, touches)
    without: list[float] = []
    after: list[float] = []
    for _ in range(turns):
        without.append(_cost_ms(station, touches))
        with _history(station, events):
            after.append(_cost_ms(station, touches))
    return median(without), median(after)


@contextmanager
def _history(station: StationDouble, events: int) -> Iterator[None]:
    """Put events behind a station for the context, and restore the table afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [station.id, events])
        cursor.execute("VACUUM (ANALYZE) fleet_stationevent")
        yield
        cursor.execute(_FORGET, [station.id])
        cursor.execute("VACUUM (FULL, ANALYZE) fleet_stationevent")


def _cost_ms(station: StationDouble, touches: int) -> float:
    """Return the cost of a touch, averaged over this many, because the kernel counts a backend's time in steps of 10
    ms."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    began = time.process_time() * 1000 + _used_ms(backend)
    for _ in range(touches):
        _process(station, touch(1_000 + len(station.sealed)))
    return (time.process_time() * 1000 + _used_ms(backend) - began) / touches


def _used_ms(pid: int) -> float:
    """Return the processor time that a process has used, by /proc/PID/stat (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_MS


def _process(station: StationDouble, fact: Fact) -> None:
    message = station.add(fact).facts_message(len(station.sealed))
    BatchProcessor(clock=lambda: datetime.now(UTC)).process_batch([message])
