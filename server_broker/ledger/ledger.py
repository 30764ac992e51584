"""The loss ledger: for every fact that a station has signed for, where it is. Facts that are nowhere raise an alarm.

A station's signed heads say how many facts it has *issued*. The ledger finds each of them in one of these places: the
county has read it (*received*); the county has it, but could not read it (*held*), and a person may have decided to
leave it so (*written off*); it is still at the station (*waiting*); or the station said itself that it is *lost*. What
is in none of these places is *unexplained*: its lamp was green and nobody knows where it is.

The ledger counts by seq, stream by stream. Where two cards have used the same seqs (one was copied or put back to an
older state), the numbers cannot tell their facts apart. There `lineage` finds by the signed heads that facts are gone.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from protocol.alarm_codes import COUNTY_LOST_FACTS
from server_broker.fleet.alarm_codes import LEDGER_TOO_LARGE, UNEXPLAINED_FACTS
from server_broker.fleet.alarms import AlarmOver, raise_alarm, resolve, take_alarms
from server_broker.fleet.models import Stream
from server_broker.fleet.tables import LAST_SANE_SEQ, STATION_EVENTS, STREAMS
from server_broker.ingest.tables import FACTS, REISSUES, WRITE_OFFS
from server_broker.ledger.consistency import StillInTime, consistent_read
from server_broker.ledger.lineage import LedHead, Lineage, forget, lineage_of, streams_with_heads, unaccounted
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED
from server_broker.platform.sql import query


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of the facts of one station, and of its blobs.

    ``issued = received + held + written_off + waiting + lost + unexplained``
    """

    issued: int = 0
    received: int = 0
    """Facts that the county has read. A re-issue counts under its first identity, and once."""
    held: int = 0
    """Facts that wait for a person."""
    written_off: int = 0
    """Facts that stay unread because a person decided so. They are accounted for, but they were never received."""
    waiting: int = 0
    lost: int = 0
    unexplained: int = 0
    evicted_blobs: int = 0
    awaited_blobs: int = 0
    disbelieved: int = 0
    """Statements of the station about more facts than any station can have signed. They count for nothing above."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


LEDGER_WORDS = {
    "issued": "站点签发",
    "received": "县里收讫",
    "held": "待审",
    "written_off": "已核销",
    "waiting": "等待上传",
    "lost": "无法恢复",
    "unexplained": "去向不明",
    "evicted_blobs": "缺失图片",
    "awaited_blobs": "等待图片",
    "disbelieved": "不可能的说法",
}
"""How people call the counts of `Ledger`, as on the station's page."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """The counts of one stream."""

    stored: int
    held: int
    written_off: int
    reissued: int
    """Facts beyond ``through`` that came again in later streams."""
    lost: int
    """Facts beyond ``through`` that the station stated as lost, without those that came again after all."""
    known: int
    """The last seq that is known to have been issued, by anything that the station has said."""


_STORED = f"""
SELECT f.stream_id, count(*)
FROM {STREAMS} s
-- Each row up to `through` should be there. The count shows whether one is missing.
JOIN {FACTS} f ON f.stream_id = s.id AND f.seq <= s.through
WHERE s.station_id = %s GROUP BY f.stream_id
"""  # noqa: S608 - our own constants

_HELD = f"""
SELECT f.stream_id, count(*) FILTER (WHERE w.fact_id IS NULL), count(w.fact_id)
-- NOT (…): the condition of the partial index `fact_held`, so that only held facts are visited.
FROM {STREAMS} s JOIN {FACTS} f ON f.stream_id = s.id AND NOT (f.held_reason = '')
LEFT JOIN {WRITE_OFFS} w ON w.fact_id = f.id
WHERE s.station_id = %s GROUP BY f.stream_id
"""  # noqa: S608 - our own constants

_BEYOND = f"""
WITH wanted AS (
    SELECT * FROM unnest(%(epochs)s::bytea[], %(throughs)s::bigint[]) AS w (epoch, through)
), stated AS (
    -- Facts that the station stated as lost. Statements may overlap, so they are merged to ranges (a multirange).
    -- A range is never counted out row by row: a station may state any two numbers, and they must cost no time.
    SELECT decode(detail->>'epoch', 'hex') AS epoch,
           range_agg(int8range((detail->>'first')::bigint, (detail->>'last')::bigint, '[]')) AS lost
    FROM {STATION_EVENTS}
    -- A range that ends before it begins is an error to PostgreSQL, and says nothing.
    WHERE station_id = %(station)s AND kind = 'facts_lost' AND (detail->>'first')::bigint <= (detail->>'last')::bigint
          AND (detail->>'last')::bigint <= {LAST_SANE_SEQ}
    GROUP BY 1
), opened AS (
    -- A station that opens a new stream says how far the old one matched the county's: so far it was issued.
    SELECT decode(detail->>'previous', 'hex') AS epoch, max((detail->>'matched')::bigint) AS matched
    FROM {STATION_EVENTS} WHERE station_id = %(station)s AND kind = 'epoch_opened'
          AND (detail->>'matched')::bigint <= {LAST_SANE_SEQ} GROUP BY 1
), again AS (
    -- DISTINCT: two cards may each have re-issued a fact for the same seq, but a seq is one place in this count.
    -- Beyond `through`: what came again within it is among the stored facts already.
    SELECT DISTINCT r.epoch, r.seq FROM {REISSUES} r JOIN wanted w ON w.epoch = r.epoch AND r.seq > w.through
    WHERE r.station_id = %(station)s
), reissued AS (
    SELECT a.epoch, count(*) AS all_of_them, max(a.seq) AS last, count(*) FILTER (WHERE s.lost @> a.seq) AS of_the_lost
    FROM again a LEFT JOIN stated s ON s.epoch = a.epoch GROUP BY a.epoch
)
SELECT w.epoch, coalesce(r.all_of_them, 0),
       -- The lost facts beyond `through`, by the ends of the ranges. What was stated as lost and came is not lost.
       coalesce((SELECT sum(upper(gap) - lower(gap))::bigint
                 FROM unnest(s.lost * int8multirange(int8range(w.through + 1, NULL))) AS gap), 0)
       - coalesce(r.of_the_lost, 0),
       -- upper() is the first seq after the range.
       greatest(upper(s.lost) - 1, r.last, o.matched, 0)
FROM wanted w LEFT JOIN stated s ON s.epoch = w.epoch LEFT JOIN opened o ON o.epoch = w.epoch
LEFT JOIN reissued r ON r.epoch = w.epoch
"""  # noqa: S608 - our own constants

_DISBELIEVED = f"""
SELECT count(*) FROM {STATION_EVENTS}
WHERE station_id = %s AND ((kind = 'facts_lost' AND (detail->>'last')::bigint > {LAST_SANE_SEQ})
                           OR (kind = 'epoch_opened' AND (detail->>'matched')::bigint > {LAST_SANE_SEQ}))
"""  # noqa: S608 - our own constants

_NAMED = f"""
-- `previous` of a stream that was opened, `epoch` of a stated loss.
SELECT DISTINCT decode(coalesce(detail->>'previous', detail->>'epoch'), 'hex') FROM {STATION_EVENTS}
WHERE station_id = %s AND kind IN ('epoch_opened', 'facts_lost')
  AND coalesce(detail->>'previous', detail->>'epoch') IS NOT NULL
"""  # noqa: S608 - our own constant


def ledger(station_id: str, *, limit_s: float | None = None) -> Ledger:
    """Return the ledger of a station as it stands in the database at one moment.

    It takes a fixed number of statements, and up to four more for each stream with unproven heads.

    Raises:
        TookTooLong: It cannot be counted in ``limit_s``.
    """
    with consistent_read(limit_s=limit_s) as still_in_time:
        counted, _ = _count(station_id, still_in_time)
    return counted


def _count(station_id: str, still_in_time: StillInTime) -> tuple[Ledger, list[LedHead]]:
    """Return the ledger, and the signed heads that can be forgotten because facts lead to them."""
    sums = dict.fromkeys(("issued", "received", "held", "written_off", "waiting", "lost", "unexplained"), 0)
    led: list[LedHead] = []
    streams = list(Stream.objects.filter(station_id=station_id).order_by("opened_at", "id"))
    # The station is in the stream in which it was born last. A stream without a birth counts from when it was opened.
    current = max(streams, key=lambda stream: (stream.born_at or stream.opened_at, stream.pk), default=None)
    # Facts of the current stream are on their way, and re-issues of older streams' facts may be among them.
    busy = current is not None and current.issued > current.through
    # Streams that later ones name and of which nothing came: the board was offline in them, or the county was restored.
    named = {bytes(epoch) for (epoch,) in query(_NAMED, [station_id])}
    unseen = named - {bytes(stream.epoch) for stream in streams}
    streams += [Stream(station_id=station_id, epoch=epoch) for epoch in sorted(unseen)]
    counts = _count_streams(station_id, streams)
    # Asked for all streams at once, because a lineage costs up to four statements and most streams need none.
    with_heads = streams_with_heads(station_id)
    for stream in streams:
        has_heads = stream.pk in with_heads
        lineage = lineage_of(stream, still_in_time=still_in_time) if has_heads else Lineage([], [])
        led += lineage.led
        entry = _entry(stream, counts[bytes(stream.epoch)], lineage, current=stream is current, busy=busy)
        for name, count in entry.items():
            sums[name] += count
    blobs = Blob.objects.filter(station_id=station_id)
    # A picture that was deleted at the end of its time was not lost.
    evicted = blobs.exclude(evicted_reason__in=["", EXPIRED]).count()
    awaited = blobs.filter(completed_at=None, evicted_reason="").exclude(announced_at=None).count()
    [(stated,)] = query(_DISBELIEVED, [station_id])
    disbelieved = stated + sum(stream.issued > LAST_SANE_SEQ for stream in streams)
    return Ledger(**sums, evicted_blobs=evicted, awaited_blobs=awaited, disbelieved=disbelieved), led


def _count_streams(station_id: str, streams: Sequence[Stream]) -> dict[bytes, _Counted]:
    """Return the counts of each stream, by its epoch."""
    stored: dict[int, int] = dict(query(_STORED, [station_id]))
    held = {stream: (waiting, written_off) for stream, waiting, written_off in query(_HELD, [station_id])}
    beyond = query(
        _BEYOND,
        {
            "station": station_id,
            "epochs": [bytes(stream.epoch) for stream in streams],
            "throughs": [stream.through for stream in streams],
        },
    )
    numbers = {bytes(stream.epoch): stream.pk for stream in streams}
    return {
        bytes(epoch): _Counted(stored.get(numbers[bytes(epoch)], 0), *held.get(numbers[bytes(epoch)], (0, 0)), *told)
        for epoch, *told in beyond
    }


def _entry(stream: Stream, counted: _Counted, lineage: Lineage, *, current: bool, busy: bool) -> dict[str, int]:
    """Return what one stream adds to the ledger.

    Args:
        current: The station is in this stream now.
        busy: Not all facts of the current stream have come yet. Until they have, the facts that an old stream lacks
            may still come as re-issues, so they count as waiting and not as unexplained.
    """
    signed = stream.issued if stream.issued <= LAST_SANE_SEQ else 0
    issued = max(signed, stream.through, counted.known)
    beyond = issued - stream.through - counted.reissued - counted.lost
    # Rows that were there once, because `through` only moves over facts that were stored. They were deleted since.
    missing_rows = stream.through - counted.stored
    on_its_way = current or busy
    # Facts that no count of seqs shows, because other facts stand at their seqs.
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


def check_ledger(station_id: str, *, at: datetime, limit_s: float | None = None) -> Ledger:
    """Return the ledger, and open or close the alarm for unexplained facts.

    The station's own alarm that the county lacks facts is closed once all have come. Signed heads to which facts lead
    are deleted, because they say nothing more.

    Raises:
        TookTooLong: It cannot be counted in ``limit_s``. Nothing was changed.
    """
    with consistent_read(limit_s=limit_s) as still_in_time:
        counted, led = _count(station_id, still_in_time)
    # In a transaction of its own, because the count is read in one that may not write.
    with transaction.atomic():
        forget(led)
        resolve(station=station_id, code=LEDGER_TOO_LARGE, at=at)
        if counted.unexplained:
            detail = f"{counted.unexplained} 条记录去向不明"
            raise_alarm(station=station_id, code=UNEXPLAINED_FACTS, severity="critical", detail=detail, at=at)
        else:
            resolve(station=station_id, code=UNEXPLAINED_FACTS, at=at)
        if not counted.unexplained and not counted.waiting:
            # A station says that the county lacks facts, and never that they have come: the count is here.
            take_alarms([AlarmOver(station_id, COUNTY_LOST_FACTS)], at=at)
    return counted
