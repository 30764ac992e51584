"""Births, wills and vitals: whether a station is connected, what it last said, and the county's welcome."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from protocol.birth import MAX_MARKS, NOT_TOLD, Birth, Gone, Mark, Welcome
from protocol.chain import first_head
from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused
from protocol.twin import Reported
from protocol.vitals import Vitals
from server_broker.fleet import health
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import StationStatus
from server_broker.ingest import stream_tables
from server_broker.ingest.answers import Answer
from server_broker.ingest.overflow import overflow_alarms
from server_broker.ingest.reading import StreamState
from server_broker.ingest.stream_tables import SenderRow, StreamKey, StreamRow
from server_broker.twin.desired import is_ahead, kept_desired, note_reported

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
    "month_bytes",
    "month_forecast_bytes",
    "saving",
]
_LAST_INTEGER = 2**31 - 1
_LAST_BIG_INTEGER = 2**63 - 1


def take_presence(said: Sequence[tuple[SenderRow, Presence]], *, now: datetime, generation: int) -> list[Answer]:
    """Note what stations said of themselves, in order, and return welcomes and the desired states they lack."""
    if not said:
        return []
    through = _note_issued(said, now=now)
    _keep_status(said, through=through, now=now)
    note_reported([(sender.id, message) for sender, message in said if isinstance(message, Reported)])
    births = [(sender, message) for sender, message in said if isinstance(message, Birth)]
    if births:
        stream_tables.note_born({sender.id: birth.head.epoch for sender, birth in births}, at=now)
    note_reported([(sender.id, _as_reported(birth)) for sender, birth in births])
    return [*_welcomes(births, generation=generation), *_desired(said)]


def _keep_status(said: Sequence[tuple[SenderRow, Presence]], *, through: dict[StreamKey, int], now: datetime) -> None:
    ids = {sender.id for sender, _ in said}
    statuses = StationStatus.objects.in_bulk(list(ids))
    for sender, message in said:
        status = statuses.setdefault(sender.id, StationStatus(station_id=sender.id))
        _apply(status, message, now)
        if isinstance(message, Vitals):
            status.waiting = min(_waiting(sender, message, through), _LAST_INTEGER)
    StationStatus.objects.bulk_create(
        statuses.values(), update_conflicts=True, unique_fields=["station"], update_fields=_STATUS_FIELDS
    )


def _apply(status: StationStatus, message: Presence, now: datetime) -> None:
    status.heard_at = now
    match message:
        case Birth():
            if not status.online:
                status.changed_at = now
            status.online, status.connection, status.doubted_at = True, message.nonce, None
            status.software = _shown(message.software)
        case Gone():
            if status.connection is not None and bytes(status.connection) == message.nonce:
                status.online, status.connection, status.doubted_at = False, None, None
                status.changed_at = now
        case Vitals():
            _apply_vitals(status, message, now)
        case Reported():
            pass


def _apply_vitals(status: StationStatus, vitals: Vitals, now: datetime) -> None:
    if status.connection is not None and not status.online:
        status.online, status.changed_at = True, now
    status.doubted_at = None
    status.blobs_waiting = min(vitals.blobs_waiting, _LAST_INTEGER)
    status.clock_quality = vitals.at.quality
    status.software = _shown(vitals.software)
    status.reader_ready, status.camera_ready = vitals.reader_ready, vitals.camera_ready
    status.disk_free_kib = min(vitals.disk_free_kib, _LAST_BIG_INTEGER)
    status.resident_kib = min(vitals.resident_kib, _LAST_BIG_INTEGER)
    status.simulated = vitals.simulated
    status.month_bytes = _at_most(vitals.month_bytes, _LAST_BIG_INTEGER)
    status.month_forecast_bytes = _at_most(vitals.month_forecast_bytes, _LAST_BIG_INTEGER)
    status.saving = list(vitals.saving)
    if vitals.health is not None:
        status.health, status.health_at = health.kept(vitals.health), now


def _at_most(value: int | None, most: int) -> int | None:
    return None if value is None else min(value, most)


def _waiting(sender: SenderRow, vitals: Vitals, through: dict[StreamKey, int]) -> int:
    """Return how many facts wait, by the signed head: the station's own count may be older than the last receipt."""
    known = through.get((sender.id, vitals.head.epoch))
    return vitals.waiting if known is None else max(0, vitals.head.through - known)


def _shown(text: str) -> str:
    return text.replace("\x00", "�")


def _note_issued(said: Sequence[tuple[SenderRow, Presence]], *, now: datetime) -> dict[StreamKey, int]:
    """Adopt the heads that births and vitals carry as what the station says to have issued.

    Return how far the county has those streams.
    """
    heads: dict[StreamKey, list[_Said]] = defaultdict(list)
    alarms = []
    for sender, message in said:
        if isinstance(message, Birth | Vitals):
            if _signed_by(sender, message.head):
                nonce = message.nonce if isinstance(message, Birth) else b""
                heads[(sender.id, message.head.epoch)].append((message.head, nonce))
            else:
                alarms.append(AlarmCall(sender.id, "bad_signature", "critical", "站点的签名无法验证"))
    streams = stream_tables.lock_streams(heads, now=now)
    _note_heads([(stream, head) for key, stream in streams.items() for head in heads[key]])
    stream_tables.put_streams(streams.values())
    alarms += overflow_alarms((station, stream.state) for (station, _), stream in streams.items())
    raise_alarms(alarms, at=now)
    return {key: stream.state.through for key, stream in streams.items()}


type _Said = tuple[SignedHead, bytes]
"""A head, and the nonce of the birth that carries it or nothing."""


def _note_heads(heads: list[tuple[StreamRow, _Said]]) -> None:
    """Note what was signed. A head behind our own is an older card's, or a copy's that leads elsewhere."""
    behind = [(row, head.through) for row, (head, _) in heads if head.through <= row.state.through]
    ours = stream_tables.load_heads([(row, seq) for row, seq in behind if seq < row.state.through])
    ours |= {(row.id, seq): row.state.head for row, seq in behind if seq == row.state.through}
    for row, (head, nonce) in heads:
        contradicts = ours.get((row.id, head.through), head.head) != head.head
        row.state.note(head, connection=nonce, contradicts=contradicts)


def _signed_by(sender: SenderRow, head: SignedHead) -> bool:
    try:
        verify_head(sender.record_key or b"", station=sender.id, signed=head)
    except Refused:
        return False
    return True


def _welcomes(births: list[tuple[SenderRow, Birth]], *, generation: int) -> list[Answer]:
    if not births:
        return []
    streams = stream_tables.find_streams({(sender.id, birth.head.epoch) for sender, birth in births})
    held = stream_tables.load_held([stream.id for stream in streams.values()])
    answers = []
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
            held=held[stream.id] if stream else [],
            signed=_signed_beyond(stream.state) if stream else [],
        )
        answers.append(Answer(sender.shard, welcome, may_be_untold=birth.generation is not None))
    return answers


def _signed_beyond(state: StreamState) -> list[Mark]:
    return [Mark(seq=seq, head=head) for seq, head in sorted(state.unproven)[-MAX_MARKS:]]


def _as_reported(birth: Birth) -> Reported:
    return Reported(station=birth.station, version=birth.twin_version, at=0)


def _desired(said: Sequence[tuple[SenderRow, Presence]]) -> list[Answer]:
    wanting: dict[str, SenderRow] = {}
    for sender, message in said:
        match message:
            case Birth() if message.twin_version != sender.desired_version or sender.desired_version == 0:
                wanting[sender.id] = sender
            case Reported() if message.version != sender.desired_version != message.refused or is_ahead(
                message.version, of=sender.desired_version
            ):
                wanting[sender.id] = sender
            case Birth() | Reported():
                wanting.pop(sender.id, None)
            case _:
                pass
    return [Answer(wanting[desired.station].shard, desired) for desired in kept_desired(wanting)]
