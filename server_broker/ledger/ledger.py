"""The loss ledger: where every fact is that a station has signed for. What is unexplained is 0 or an alarm.

Counts go by seq. Where an older card went on under seqs that were used before, they can't tell the two apart; there
`lineage` finds by the signed heads that facts are gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.models import Stream
from server_broker.ledger.consistency import StillInTime, consistent_read
from server_broker.ledger.lineage import LedHead, Lineage, forget, lineage_of, streams_with_heads, unaccounted
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED

UNEXPLAINED, TOO_LARGE = "unexplained_facts", "ledger_too_large"


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


_STORED = """
SELECT f.stream_id, count(*) FROM fleet_stream s JOIN ingest_fact f ON f.stream_id = s.id AND f.seq <= s.through
WHERE s.station_id = %s GROUP BY f.stream_id
"""

_HELD = """
SELECT f.stream_id, count(*) FILTER (WHERE w.fact_id IS NULL), count(w.fact_id)
FROM fleet_stream s JOIN ingest_fact f ON f.stream_id = s.id AND NOT (f.held_reason = '')
LEFT JOIN ingest_writeoff w ON w.fact_id = f.id
WHERE s.station_id = %s GROUP BY f.stream_id
"""

_SAID = """
WITH wanted AS (
    SELECT * FROM unnest(%(epochs)s::bytea[], %(throughs)s::bigint[]) AS w (epoch, through)
), stated AS (
    SELECT decode(detail->>'epoch', 'hex') AS epoch,
           range_agg(int8range((detail->>'first')::bigint, (detail->>'last')::bigint, '[]')) AS lost
    FROM fleet_stationevent
    WHERE station_id = %(station)s AND kind = 'facts_lost' AND (detail->>'first')::bigint <= (detail->>'last')::bigint
    GROUP BY 1
), opened AS (
    SELECT decode(detail->>'previous', 'hex') AS epoch, max((detail->>'matched')::bigint) AS matched
    FROM fleet_stationevent WHERE station_id = %(station)s AND kind = 'epoch_opened' GROUP BY 1
), again AS (
    SELECT DISTINCT r.epoch, r.seq FROM ingest_reissue r JOIN wanted w ON w.epoch = r.epoch AND r.seq > w.through
    WHERE r.station_id = %(station)s
), reissued AS (
    SELECT a.epoch, count(*) AS all_of_them, max(a.seq) AS last, count(*) FILTER (WHERE s.lost @> a.seq) AS of_the_lost
    FROM again a LEFT JOIN stated s ON s.epoch = a.epoch GROUP BY a.epoch
)
SELECT w.epoch, coalesce(r.all_of_them, 0),
       coalesce((SELECT sum(upper(gap) - lower(gap))::bigint
                 FROM unnest(s.lost * int8multirange(int8range(w.through + 1, NULL))) AS gap), 0)
       - coalesce(r.of_the_lost, 0),
       greatest(upper(s.lost) - 1, r.last, o.matched, 0)
FROM wanted w LEFT JOIN stated s ON s.epoch = w.epoch LEFT JOIN opened o ON o.epoch = w.epoch
LEFT JOIN reissued r ON r.epoch = w.epoch
"""
"""Spans are counted by their ends: a station may state any two numbers."""

_NAMED = """
SELECT DISTINCT decode(coalesce(detail->>'previous', detail->>'epoch'), 'hex') FROM fleet_stationevent
WHERE station_id = %s AND kind IN ('epoch_opened', 'facts_lost')
  AND coalesce(detail->>'previous', detail->>'epoch') IS NOT NULL
"""


def ledger(station_id: str, *, limit_s: float | None = None) -> Ledger:
    """Return the ledger of a station as the database says it at this moment.

    The number of statements is the same for any number of streams.

    Raises:
        TookTooLong: It is more than can be counted in ``limit_s``.
    """
    with consistent_read(limit_s=limit_s) as still_in_time:
        counted, _ = _count(station_id, still_in_time)
    return counted


def _count(station_id: str, still_in_time: StillInTime) -> tuple[Ledger, list[LedHead]]:
    """Return the ledger, and the signed heads that have nothing more to tell."""
    sums = dict.fromkeys(("issued", "received", "held", "written_off", "waiting", "lost", "unexplained"), 0)
    led: list[LedHead] = []
    streams = list(Stream.objects.filter(station_id=station_id).order_by("opened_at", "id"))
    current = max(streams, key=lambda stream: (stream.born_at or stream.opened_at, stream.pk), default=None)
    busy = current is not None and current.issued > current.through
    streams += _unseen_streams(station_id, {bytes(stream.epoch) for stream in streams})
    counts = _count_streams(station_id, streams)
    with_heads = streams_with_heads(station_id)
    for stream in streams:
        has_heads = stream.pk in with_heads
        lineage = lineage_of(stream, still_in_time=still_in_time) if has_heads else Lineage([], [])
        led += lineage.led
        entry = _entry(stream, counts[bytes(stream.epoch)], lineage, current=stream is current, busy=busy)
        for name, count in entry.items():
            sums[name] += count
    return Ledger(**sums, **_blobs(station_id)), led


def _unseen_streams(station_id: str, seen: set[bytes]) -> list[Stream]:
    """Return streams that later ones tell of and of which nothing came: the board was offline, or we were restored."""
    named = {bytes(epoch) for (epoch,) in _rows(_NAMED, [station_id])}
    return [Stream(station_id=station_id, epoch=epoch) for epoch in sorted(named - seen)]


def _count_streams(station_id: str, streams: Sequence[Stream]) -> dict[bytes, _Counted]:
    stored = dict(_rows(_STORED, [station_id]))
    held = {stream: (waiting, written_off) for stream, waiting, written_off in _rows(_HELD, [station_id])}
    said = _rows(
        _SAID,
        {
            "station": station_id,
            "epochs": [bytes(stream.epoch) for stream in streams],
            "throughs": [stream.through for stream in streams],
        },
    )
    numbers = {bytes(stream.epoch): stream.pk for stream in streams}
    return {
        bytes(epoch): _Counted(stored.get(numbers[bytes(epoch)], 0), *held.get(numbers[bytes(epoch)], (0, 0)), *told)
        for epoch, *told in said
    }


def _rows(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _entry(stream: Stream, counted: _Counted, lineage: Lineage, *, current: bool, busy: bool) -> dict[str, int]:
    """Return one stream's part. What an old stream lacks is still on its way while the current one is not drained."""
    issued = max(stream.issued, stream.through, counted.known)
    beyond = issued - stream.through - counted.reissued - counted.lost
    missing_rows = stream.through - counted.stored
    on_its_way = current or busy
    elsewhere = 0 if busy else unaccounted(stream, lineage, but_for=0 if current else beyond)
    return {
        "issued": issued + elsewhere,
        "received": counted.stored - counted.held - counted.written_off + counted.reissued,
        "held": counted.held,
        "written_off": counted.written_off,
        "waiting": beyond if on_its_way else 0,
        "lost": counted.lost,
        "unexplained": missing_rows + (0 if on_its_way else beyond) + elsewhere,
    }


def _blobs(station_id: str) -> dict[str, Any]:
    blobs = Blob.objects.filter(station_id=station_id)
    awaited = blobs.filter(completed_at=None, evicted_reason="").exclude(announced_at=None)
    return {
        "evicted_blobs": blobs.exclude(evicted_reason__in=["", EXPIRED]).count(),
        "awaited_blobs": awaited.count(),
    }


def check_ledger(station_id: str, *, at: datetime, limit_s: float | None = None) -> Ledger:
    """Return the ledger, and open or close the alarm that something in it is unexplained.

    Heads that facts of later streams were found to lead to have nothing more to tell, and go.

    Raises:
        TookTooLong: It is more than can be counted in ``limit_s``, and nothing was changed.
    """
    with consistent_read(limit_s=limit_s) as still_in_time:
        counted, led = _count(station_id, still_in_time)
    with transaction.atomic():
        forget(led)
        resolve(station=station_id, code=TOO_LARGE, at=at)
        if counted.unexplained:
            detail = f"{counted.unexplained} 条记录去向不明"
            raise_alarm(station=station_id, code=UNEXPLAINED, severity="critical", detail=detail, at=at)
        else:
            resolve(station=station_id, code=UNEXPLAINED, at=at)
    return counted
