"""The loss ledger: where every fact is that a station has signed for. What is unexplained is 0 or an alarm.

Counts go by seq. Where an older card went on under seqs that were used before, they can't tell the two apart; there
`lineage` finds by the signed heads that facts are gone.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.lineage import forget_led_heads, unaccounted
from server_broker.fleet.models import Stream
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED

UNEXPLAINED = "unexplained_facts"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of facts of one station, and of its blobs.

    ``issued = received + held + written_off + waiting + lost + unexplained``. ``received`` counts a fact that came by
    re-issue under its first identity, once. ``held`` facts wait for a person; ``written_off`` ones are as unread, but a
    person has decided so with a reason: they are counted apart, because they are accounted for and were never received.
    """

    issued: int = 0
    received: int = 0
    held: int = 0
    written_off: int = 0
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
    """Of one stream. ``known`` is the last seq that is known to have been issued, by whatever word of the station."""

    stored: int
    held: int
    written_off: int
    reissued: int
    lost: int
    known: int


_COUNT = """
WITH stated AS (
    SELECT coalesce(range_agg(int8range((detail->>'first')::bigint, (detail->>'last')::bigint, '[]')), '{}') AS lost
    FROM fleet_stationevent
    WHERE station_id = %(station)s AND kind = 'facts_lost' AND detail->>'epoch' = encode(%(epoch)s, 'hex')
      AND (detail->>'first')::bigint <= (detail->>'last')::bigint
), again AS (
    SELECT DISTINCT seq FROM ingest_reissue WHERE station_id = %(station)s AND epoch = %(epoch)s AND seq > %(through)s
)
SELECT (SELECT count(*) FROM ingest_fact f WHERE f.stream_id = %(stream)s AND f.seq <= %(through)s),
       (SELECT count(*) FROM ingest_fact f LEFT JOIN ingest_writeoff w ON w.fact_id = f.id
        WHERE f.stream_id = %(stream)s AND NOT (f.held_reason = '') AND w.fact_id IS NULL),
       (SELECT count(*) FROM ingest_fact f JOIN ingest_writeoff w ON w.fact_id = f.id
        WHERE f.stream_id = %(stream)s AND NOT (f.held_reason = '')),
       (SELECT count(*) FROM again),
       (SELECT coalesce(sum(upper(gap) - lower(gap)), 0)::bigint
        FROM unnest(stated.lost * int8multirange(int8range(%(through)s + 1, NULL))) AS gap)
       - (SELECT count(*) FROM again WHERE stated.lost @> again.seq),
       greatest(upper(stated.lost) - 1, (SELECT max(seq) FROM again),
                (SELECT max((detail->>'matched')::bigint) FROM fleet_stationevent
                 WHERE station_id = %(station)s AND kind = 'epoch_opened'
                   AND detail->>'previous' = encode(%(epoch)s, 'hex')), 0)
FROM stated
"""
"""Spans are counted by their ends: a station may state any two numbers."""


def ledger(station_id: str) -> Ledger:
    """Return the ledger of a station as the database says it now."""
    sums = dict.fromkeys(("issued", "received", "held", "written_off", "waiting", "lost", "unexplained"), 0)
    streams = list(Stream.objects.filter(station_id=station_id).order_by("opened_at", "id"))
    current = max(streams, key=lambda stream: (stream.born_at or stream.opened_at, stream.pk), default=None)
    busy = current is not None and current.issued > current.through
    for stream in [*streams, *_unseen_streams(station_id, {bytes(stream.epoch) for stream in streams})]:
        entry = _entry(stream, current=stream is current, busy=busy)
        for name, count in entry.items():
            sums[name] += count
    return Ledger(**sums, **_blobs(station_id))


_NAMED = """
SELECT DISTINCT decode(coalesce(detail->>'previous', detail->>'epoch'), 'hex') FROM fleet_stationevent
WHERE station_id = %s AND kind IN ('epoch_opened', 'facts_lost')
  AND coalesce(detail->>'previous', detail->>'epoch') IS NOT NULL
"""


def _unseen_streams(station_id: str, seen: set[bytes]) -> list[Stream]:
    """Return streams that later ones tell of and of which nothing came: the board was offline, or we were restored."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [station_id])
        named = {bytes(epoch) for (epoch,) in cursor.fetchall()}
    return [Stream(station_id=station_id, epoch=epoch) for epoch in sorted(named - seen)]


def _entry(stream: Stream, *, current: bool, busy: bool) -> dict[str, int]:
    """Return one stream's part. What an old stream lacks is still on its way while the current one is not drained."""
    counted = _count(stream)
    issued = max(stream.issued, stream.through, counted.known)
    beyond = issued - stream.through - counted.reissued - counted.lost
    missing_rows = stream.through - counted.stored
    on_its_way = current or busy
    elsewhere = 0 if busy else unaccounted(stream, but_for=0 if current else beyond)
    return {
        "issued": issued + elsewhere,
        "received": counted.stored - counted.held - counted.written_off + counted.reissued,
        "held": counted.held,
        "written_off": counted.written_off,
        "waiting": beyond if on_its_way else 0,
        "lost": counted.lost,
        "unexplained": missing_rows + (0 if on_its_way else beyond) + elsewhere,
    }


def _count(stream: Stream) -> _Counted:
    which: dict[str, str | bytes | int] = {
        "station": stream.station_id,
        "epoch": bytes(stream.epoch),
        "stream": stream.pk or 0,
        "through": stream.through,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, which)
        return _Counted(*cursor.fetchone())


def _blobs(station_id: str) -> dict[str, Any]:
    blobs = Blob.objects.filter(station_id=station_id)
    awaited = blobs.filter(completed_at=None, evicted_reason="").exclude(announced_at=None)
    return {
        "evicted_blobs": blobs.exclude(evicted_reason__in=["", EXPIRED]).count(),
        "awaited_blobs": awaited.count(),
    }


def check_ledger(station_id: str, *, at: datetime) -> Ledger:
    """Return the ledger, and open or close the alarm that something in it is unexplained.

    Heads that facts of later streams were found to lead to have nothing more to tell, and go.
    """
    forget_led_heads(station_id)
    counted = ledger(station_id)
    if counted.unexplained:
        detail = f"{counted.unexplained} 条记录去向不明"
        raise_alarm(station=station_id, code=UNEXPLAINED, severity="critical", detail=detail, at=at)
    else:
        resolve(station=station_id, code=UNEXPLAINED, at=at)
    return counted
