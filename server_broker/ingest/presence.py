"""What stations say of themselves: births, wills, vitals and comparisons; and the county's welcome to a birth.

A *birth* begins a connection. It carries the newest head that the station has signed, so the county learns how many
facts are still on their way. The *welcome* says how far the county has the stream. If the two do not fit, the station
sends a *compare* with some of its own chain values, and the county answers with the highest one that it has too.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from protocol import MINOR
from protocol.birth import MAX_HEADS, NOT_TOLD, Birth, Compare, Gone, HeadAtSeq, Match, Welcome
from protocol.chain import first_head
from protocol.heads import SignedHead
from protocol.twin import Reported
from protocol.units import DATED_QUALITIES, LAST_WALL_MS, Moment
from protocol.vitals import Vitals
from server_broker.fleet import health
from server_broker.fleet.alarm_codes import BAD_SIGNATURE
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.fact_rows import wall_time
from server_broker.fleet.models import StationStatus
from server_broker.fleet.tables import STREAMS
from server_broker.ingest import stream_tables
from server_broker.ingest.intake import overflow_alarms
from server_broker.ingest.messages import Outgoing
from server_broker.ingest.signatures import HeadClaim, verdicts
from server_broker.ingest.stream_tables import SenderRow, StreamKey
from server_broker.ingest.tables import FACTS
from server_broker.platform.database_text import shown_line
from server_broker.platform.sql import query
from server_broker.platform.tables import LAST_BIG_INTEGER, LAST_INTEGER
from server_broker.twin.desired import desired_at_birth, is_ahead, note_reported, shelves_named

type Presence = Birth | Gone | Vitals | Reported

_STATUS_FIELDS = [
    "online",
    "connection",
    "doubted_at",
    "changed_at",
    "heard_at",
    "waiting",
    "blobs_waiting",
    "clock_quality",
    "software",
    "reader_ready",
    "camera_ready",
    "disk_free_kib",
    "resident_kib",
    "simulated",
    "health",
    "health_at",
    "vitals_at",
    "month_bytes",
    "month_forecast_bytes",
    "saving",
    "contract",
    "release",
    "image",
    "slot",
]
"""All that stations say of themselves. ``receipt_at`` is not among them: `stream_tables.put_receipted` writes it."""


def take_presence(said: Sequence[tuple[SenderRow, Presence]], *, now: datetime, generation: int) -> list[Outgoing]:
    """Note what stations said of themselves, in order; return the welcomes, and the desired states that they lack."""
    if not said:
        return []
    through = _note_issued(said, now=now)
    _write_for_other_contracts(said)
    _keep_status(said, through=through, now=now)
    note_reported([(sender.id, message) for sender, message in said if isinstance(message, Reported)], now=now)
    births = [(sender, message) for sender, message in said if isinstance(message, Birth)]
    if births:
        stream_tables.note_born({sender.id: birth.head.epoch for sender, birth in births}, at=now)
        stream_tables.note_shards({sender.id: sender.shard for sender, _ in births})
    # A birth says which version the station runs with, and nothing of its settings (``at=0``).
    note_reported(
        [(sender.id, Reported(station=birth.station, version=birth.twin_version, at=0)) for sender, birth in births],
        now=now,
    )
    return [*_welcomes(births, generation=generation), *_desired(said), *_shelves(births)]


def _write_for_other_contracts(said: Sequence[tuple[SenderRow, Presence]]) -> None:
    """Have the desired state written anew for stations that speak another contract than at their last birth."""
    spoken = {sender.id: message.contract for sender, message in said if isinstance(message, Birth)}
    if not spoken:
        return
    before = dict(StationStatus.objects.filter(station__in=spoken).values_list("station_id", "contract"))
    if changed := [pk for pk, contract in spoken.items() if contract != before.get(pk, 0)]:
        desired_changed(changed)


def _shelves(births: Sequence[tuple[SenderRow, Birth]]) -> list[Outgoing]:
    """Return which index each station should have that has just connected: it may have missed the latest one."""
    shards = {sender.id: sender.shard for sender, _ in births}
    return [Outgoing(shards[named.station], named) for named in shelves_named(shards)]


def _keep_status(said: Sequence[tuple[SenderRow, Presence]], *, through: dict[StreamKey, int], now: datetime) -> None:
    """Store the latest values of each station, with two statements for any number of messages."""
    ids = {sender.id for sender, _ in said}
    statuses = StationStatus.objects.in_bulk(list(ids))
    for sender, message in said:
        status = statuses.setdefault(sender.id, StationStatus(station_id=sender.id))
        _apply(status, message, now)
        if isinstance(message, Vitals):
            # Counted from the signed head, because the station's own count may be older than the last receipt.
            known = through.get((sender.id, message.head.epoch))
            waiting = message.waiting if known is None else max(0, message.head.through - known)
            status.waiting = min(waiting, LAST_INTEGER)
    StationStatus.objects.bulk_create(
        statuses.values(), update_conflicts=True, unique_fields=["station"], update_fields=_STATUS_FIELDS
    )


def _apply(status: StationStatus, message: Presence, now: datetime) -> None:
    status.heard_at = now
    match message:
        case Birth():
            # A station that lost its connection and is back before its will came was online all the time.
            if not status.online:
                status.changed_at = now
            status.online, status.connection, status.doubted_at = True, message.nonce, None
            status.software = shown_line(message.software)
            status.contract = message.contract
            status.release, status.image = shown_line(message.release), shown_line(message.image)
            status.slot = shown_line(message.slot)
        case Gone():
            # The broker sends a will late. That of an earlier connection must not end the one that is up now.
            if status.connection is not None and bytes(status.connection) == message.nonce:
                status.online, status.connection, status.doubted_at = False, None, None
                status.changed_at = now
        case Vitals() as vitals:
            # A station that was thought silent and speaks again on its connection is online, without a new birth.
            if status.connection is not None and not status.online:
                status.online, status.changed_at = True, now
            status.doubted_at = None
            status.blobs_waiting = min(vitals.blobs_waiting, LAST_INTEGER)
            status.clock_quality = vitals.at.quality
            status.vitals_at = _dated(vitals.at)
            status.software = shown_line(vitals.software)
            status.reader_ready, status.camera_ready = vitals.reader_ready, vitals.camera_ready
            status.disk_free_kib = min(vitals.disk_free_kib, LAST_BIG_INTEGER)
            status.resident_kib = min(vitals.resident_kib, LAST_BIG_INTEGER)
            status.simulated = vitals.simulated
            status.month_bytes = _at_most(vitals.month_bytes, LAST_BIG_INTEGER)
            status.month_forecast_bytes = _at_most(vitals.month_forecast_bytes, LAST_BIG_INTEGER)
            status.saving = list(vitals.saving)
            # Not every vitals message carries the machine's health. The last one that came stays.
            if vitals.health is not None:
                status.health, status.health_at = health.kept(vitals.health), now
        case Reported():
            pass


def _dated(at: Moment) -> datetime | None:
    """Return a moment by the station's clock; None: that clock was not dated, or it says what no column holds."""
    return wall_time(at.wall) if at.quality in DATED_QUALITIES and at.wall <= LAST_WALL_MS else None


def _at_most(value: int | None, most: int) -> int | None:
    return None if value is None else min(value, most)


def _note_issued(said: Sequence[tuple[SenderRow, Presence]], *, now: datetime) -> dict[StreamKey, int]:
    """Note the signed heads that births and vitals carry; return how far the county has those streams.

    A signed head says how many facts the station has issued. If the county has facts up to its seq, the head is an old
    one, or it comes from an older or a copied card. Where the county's own chain value at that seq is another one, the
    card has other facts, so the head contradicts what the county has.
    """
    heads: dict[StreamKey, list[tuple[SignedHead, bytes]]] = defaultdict(list)
    """Each with the nonce of the birth that carries it; empty if vitals carry it."""
    alarms = []
    claims = [
        (
            HeadClaim(sender.record_key or b"", sender.id, message.head),
            message.nonce if isinstance(message, Birth) else b"",
        )
        for sender, message in said
        if isinstance(message, Birth | Vitals)
    ]
    is_true = verdicts([claim for claim, _ in claims])
    for claim, nonce in claims:
        if is_true[claim]:
            heads[(claim.station, claim.head.epoch)].append((claim.head, nonce))
        else:
            alarms.append(AlarmCall(claim.station, BAD_SIGNATURE, "critical", "站点的签名无法验证"))
    streams = stream_tables.lock_streams(heads, now=now)
    alarms += stream_tables.beyond_alarms(heads, streams)
    signed = [(stream, *head) for key, stream in streams.items() for head in heads[key]]
    behind = [(row, head.through) for row, head, _ in signed if head.through <= row.state.through]
    ours = stream_tables.load_heads([(row, seq) for row, seq in behind if seq < row.state.through])
    # The value at `through` came along with the stream.
    ours |= {(row.id, seq): row.state.head for row, seq in behind if seq == row.state.through}
    for row, head, nonce in signed:
        contradicts = ours.get((row.id, head.through), head.head) != head.head
        row.state.note(head, connection=nonce, contradicts=contradicts)
    stream_tables.put_streams(streams.values())
    alarms += overflow_alarms((station, stream.state) for (station, _), stream in streams.items())
    raise_alarms(alarms, at=now)
    return {key: stream.state.through for key, stream in streams.items()}


def _welcomes(births: list[tuple[SenderRow, Birth]], *, generation: int) -> list[Outgoing]:
    if not births:
        return []
    # Read again, because the heads that were noted just now belong in the welcome. For a birth with a bad signature no
    # stream was made, and it may have none.
    streams = stream_tables.lock_existing_streams({(sender.id, birth.head.epoch) for sender, birth in births})
    held = stream_tables.load_held([stream.id for stream in streams.values()])
    welcomes = []
    for sender, birth in births:
        stream = streams.get((sender.id, birth.head.epoch))
        welcome = Welcome(
            station=sender.id,
            epoch=birth.head.epoch,
            through=stream.state.through if stream else 0,
            head=stream.state.head if stream else first_head(station=sender.id, epoch=birth.head.epoch),
            generation=generation,
            nonce=birth.asked,
            wall=NOT_TOLD,
            contract=MINOR,
            held=held[stream.id] if stream else [],
            # All heads that the station has signed beyond `through`. A card that does not lead to each is a copy.
            signed=[HeadAtSeq(seq=at.seq, head=at.head) for at in sorted(stream.state.unproven)[-MAX_HEADS:]]
            if stream
            else [],
        )
        # Stations that state the county's generation in their births are new enough to understand `NOT_TOLD`.
        welcomes.append(Outgoing(sender.shard, welcome, may_be_untold=birth.generation is not None))
    return welcomes


def _desired(said: Sequence[tuple[SenderRow, Presence]]) -> list[Outgoing]:
    """Return the desired states of the stations that said last that they run with another version."""
    wanting: dict[str, SenderRow] = {}
    for sender, message in said:
        match message:
            case Birth() if message.twin_version != sender.desired_version or sender.desired_version == 0:
                wanting[sender.id] = sender
            # A version that the station has just refused is not sent again, unless the station is ahead of the county:
            # then it holds a state from before the county was restored.
            case Reported() if message.version != sender.desired_version != message.refused or is_ahead(
                message.version, of=sender.desired_version
            ):
                wanting[sender.id] = sender
            case Birth() | Reported():
                wanting.pop(sender.id, None)
            case _:
                pass
    return [Outgoing(wanting[desired.station].shard, desired) for desired in desired_at_birth(wanting)]


_HIGHEST = f"""
SELECT w.asked, max(w.seq)
FROM unnest(%s::int[], %s::text[], %s::bytea[], %s::bigint[], %s::bytea[]) AS w (asked, station, epoch, seq, head)
JOIN {STREAMS} s ON s.station_id = w.station AND s.epoch = w.epoch
JOIN {FACTS} f ON f.stream_id = s.id AND f.seq = w.seq AND f.head = w.head
WHERE w.seq <= s.through
GROUP BY w.asked
"""  # noqa: S608 - our own constants


def answer_compares(asked: Sequence[tuple[SenderRow, Compare]]) -> list[Outgoing]:
    """Answer each comparison with the highest of its marks that the county has too, or with 0.

    A mark is a chain value at a seq. If two chains have the same value there, all facts up to it are the same.
    """
    marks = [(number, mark) for number, (_, compare) in enumerate(asked) for mark in compare.marks]
    if not marks:
        return []
    found = query(
        _HIGHEST,
        [
            [number for number, _ in marks],
            [asked[number][0].id for number, _ in marks],
            [asked[number][1].epoch for number, _ in marks],
            [mark.seq for _, mark in marks],
            [mark.head for _, mark in marks],
        ],
    )
    matched: dict[int, int] = dict(found)
    return [
        Outgoing(sender.shard, Match(station=sender.id, epoch=compare.epoch, through=matched.get(number, 0)))
        for number, (sender, compare) in enumerate(asked)
    ]
