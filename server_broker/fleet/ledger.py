"""The loss ledger: where every fact is that a station has signed for. What is unexplained is 0 or an alarm."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.models import Stream
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED

UNEXPLAINED = "unexplained_facts"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of facts of one station, and of its blobs.

    ``issued = received + held + waiting + lost + unexplained``. ``received`` counts a fact that came by re-issue
    under its first identity, once.
    """

    issued: int = 0
    received: int = 0
    held: int = 0
    waiting: int = 0
    lost: int = 0
    unexplained: int = 0
    evicted_blobs: int = 0
    awaited_blobs: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Counted:
    stored: int
    held: int
    reissued: int
    lost: int


_COUNT = """
SELECT (SELECT count(*) FROM ingest_fact f WHERE f.stream_id = s.id AND f.seq <= s.through),
       (SELECT count(*) FROM ingest_fact f WHERE f.stream_id = s.id AND NOT (f.held_reason = '')),
       (SELECT count(DISTINCT r.seq) FROM ingest_reissue r
        WHERE r.station_id = s.station_id AND r.epoch = s.epoch AND r.seq > s.through AND r.seq <= %(issued)s),
       (SELECT count(DISTINCT gone.seq)
        FROM fleet_stationevent e
        CROSS JOIN LATERAL generate_series(
            greatest((e.detail->>'first')::bigint, s.through + 1),
            least((e.detail->>'last')::bigint, %(issued)s)) AS gone (seq)
        WHERE e.station_id = s.station_id AND e.kind = 'facts_lost' AND e.detail->>'epoch' = encode(s.epoch, 'hex')
          AND NOT EXISTS (SELECT 1 FROM ingest_reissue r
                          WHERE r.station_id = s.station_id AND r.epoch = s.epoch AND r.seq = gone.seq))
FROM fleet_stream s WHERE s.id = %(stream)s
"""


def ledger(station_id: str) -> Ledger:
    """Return the ledger of a station as the database says it now."""
    streams = list(Stream.objects.filter(station_id=station_id).order_by("opened_at", "id"))
    if not streams:
        return Ledger(**_blobs(station_id))
    sums = dict.fromkeys(("issued", "received", "held", "waiting", "lost", "unexplained"), 0)
    newest = streams[-1]
    busy = newest.issued > newest.through
    for stream in streams:
        entry = _entry(stream, current=stream is newest, busy=busy)
        for name, count in entry.items():
            sums[name] += count
    return Ledger(**sums, **_blobs(station_id))


def _entry(stream: Stream, *, current: bool, busy: bool) -> dict[str, int]:
    """Return one stream's part. What an old stream lacks is still on its way while the newest one is not drained."""
    issued = max(stream.issued, stream.through)
    counted = _count(stream, issued)
    beyond = issued - stream.through - counted.reissued - counted.lost
    missing_rows = stream.through - counted.stored
    on_its_way = current or busy
    return {
        "issued": issued,
        "received": counted.stored - counted.held + counted.reissued,
        "held": counted.held,
        "waiting": beyond if on_its_way else 0,
        "lost": counted.lost,
        "unexplained": missing_rows + (0 if on_its_way else beyond),
    }


def _count(stream: Stream, issued: int) -> _Counted:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"stream": stream.pk, "issued": issued})
        return _Counted(*cursor.fetchone())


def _blobs(station_id: str) -> dict[str, Any]:
    blobs = Blob.objects.filter(station_id=station_id)
    awaited = blobs.filter(completed_at=None, evicted_reason="").exclude(announced_at=None)
    return {
        "evicted_blobs": blobs.exclude(evicted_reason__in=["", EXPIRED]).count(),
        "awaited_blobs": awaited.count(),
    }


def check_ledger(station_id: str, *, at: datetime) -> Ledger:
    """Return the ledger, and open or close the alarm that something in it is unexplained."""
    counted = ledger(station_id)
    if counted.unexplained:
        detail = f"{counted.unexplained} 条记录去向不明"
        raise_alarm(station=station_id, code=UNEXPLAINED, severity="critical", detail=detail, at=at)
    else:
        resolve(station=station_id, code=UNEXPLAINED, at=at)
    return counted
