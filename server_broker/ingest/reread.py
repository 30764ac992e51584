"""Read held facts again: after an upgrade that knows their kind, a corrected key, or a repair of the database.

A fact that was held because nobody had signed for it is read only if a later signed head vouches for it. This means
that the chain over the county's facts, this one among them, leads to a head that the station signed.

What somebody carried here after the station was revoked is read once a person has accepted it
(`server_broker.settling.carried_facts`).
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, transaction

from protocol.facts import Fact as ReadFact
from protocol.heads import SignedHead
from protocol.refusal import Refused
from protocol.reissues import unwrap
from server_broker.attendance.facts import DIRECTION, choose_directions, note_coming
from server_broker.fleet.alarms import take_alarms
from server_broker.fleet.fact_rows import Identity, Rows, Unstorable
from server_broker.fleet.models import Station, Stream
from server_broker.ingest import stream_tables
from server_broker.ingest.held import close_alarms, is_to_be_accepted, to_review
from server_broker.ingest.intake import Content, place_fact
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.projections import derive, move_rows, put_rows
from server_broker.ingest.reading import NewFact, read_body
from server_broker.ingest.record_keys import signed_by_station
from server_broker.ingest.reissues import CROWDED, Crowded, refs_of

FACTS_A_TIME = 200
UNVOUCHED = ("bad_signature", "chain_mismatch")
"""Reasons for which a fact is held though nothing is wrong with its content."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reread:
    """How many facts are read now, and how many stay held, by reason."""

    read: int = 0
    still_held: Counter[str] = field(default_factory=Counter)


def reread_held(station_id: str, *, now: datetime | None = None, accepted: bool = False) -> Reread:
    """Read a station's held facts again and derive their rows. Each fact succeeds or stays held by itself.

    Facts that were written off stay unread. Some hundred are read in one transaction, so that the ingest worker gets
    at the stream in between.

    Args:
        accepted: A person has accepted what came after the station was revoked. Otherwise it stays held.
    """
    result = Reread()
    at = now or datetime.now(UTC)
    station = Station.objects.get(pk=station_id)
    for stream in Stream.objects.filter(station=station).order_by("id").values_list("pk", flat=True):
        after: int | None = 0
        while after is not None:
            with transaction.atomic():
                after = _reread_some(station, stream, after, result, at, accepted=accepted)
    with transaction.atomic():
        close_alarms(station_id, at=at)
    return result


def _reread_some(
    station: Station, stream_id: int, after: int, result: Reread, now: datetime, *, accepted: bool
) -> int | None:
    """Read the next facts beyond seq ``after``. Return the seq of the last one, or None if there were no more."""
    # Locked, because the ingest worker may be storing facts of this stream.
    stream = Stream.objects.select_for_update().get(pk=stream_id)
    rows = list(to_review().filter(stream=stream, seq__gt=after).order_by("seq")[:FACTS_A_TIME])
    if not rows:
        return None
    vouched = _vouched(station, stream)
    before = result.read
    for row in rows:
        if not accepted and is_to_be_accepted(row.held_reason, row.received_at, revoked_at=station.revoked_at):
            reason = row.held_reason
        else:
            reason = _reread(station.pk, stream, row, vouched, now)
        if reason:
            result.still_held[reason] += 1
        else:
            result.read += 1
    # A direction that a person chose for a held touch changed nothing when it arrived. This run may have read that
    # touch, so the choice is applied again.
    if result.read > before:
        _choose_directions_again(station.pk, now)
    return rows[-1].seq


def reads_now(station_id: str, stream: Stream, row: Fact) -> bool:
    """Try to read a held fact, in a transaction that the caller rolls back, and return whether that went well."""
    station = Station.objects.get(pk=station_id)
    try:
        with transaction.atomic():
            return not _reread(station_id, stream, row, _vouched(station, stream), datetime.now(UTC))
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - whatever the program fails at, it is not read
        _log.exception("%s: held fact %d cannot be read", station_id, row.seq, extra={"station": station_id})
        return False


def _vouched(station: Station, stream: Stream) -> range:
    """Return the seqs of the facts for which a signed head vouches."""
    kept = SignedHeadKept.objects.filter(stream=stream).first()
    if kept is None:
        return range(0)
    signed = SignedHead(
        epoch=bytes(stream.epoch), through=kept.through, head=bytes(kept.head), signature=bytes(kept.signature)
    )
    if not signed_by_station(station, signed):
        return range(0)
    leads_there = Fact.objects.filter(stream=stream, seq=kept.through, head=kept.head).exists()
    return range(1, kept.through + 1) if leads_there else range(0)


def _reread(station_id: str, stream: Stream, row: Fact, vouched: range, now: datetime) -> str:
    """Read one fact. Return the reason for which it stays held, or an empty string."""
    # Its content was erased for privacy: there is nothing to read.
    if row.body is None or row.salt is None:
        return row.held_reason
    if row.held_reason in UNVOUCHED and row.seq not in vouched:
        return row.held_reason
    new = NewFact(row.seq, bytes(row.salt), bytes(row.body), bytes(row.digest), bytes(row.head))
    read_body(new)
    if new.fact is not None:
        try:
            with transaction.atomic():
                _derive(Identity(station_id, bytes(stream.epoch), row.seq), new, now, came_at=row.received_at)
        except Refused as refused:
            new.held = refused.reason
        except Crowded:
            new.held = CROWDED
        except Unstorable:
            new.held = "out_of_range"
        except (DataError, IntegrityError):
            new.held = "refused_by_database"
    Fact.objects.filter(pk=row.pk).update(held_reason=new.held, kind=new.kind)
    return new.held


def _derive(own: Identity, new: NewFact, now: datetime, *, came_at: datetime) -> None:
    """Derive the rows of one fact and store them, by the same rules by which intake does it for a batch."""
    assert new.fact is not None
    layers, fact = unwrap(new.fact)
    content = Content(fact, layers)
    places = [Identity(own.station, layer.epoch, layer.seq) for layer in layers]
    origins = stream_tables.load_origins([own, *places, *_named(fact, own.station)])
    rows = Rows(now)
    # While this fact was held, the county may have read it by a re-issue, or put another one under its identity.
    identity = place_fact(origins, own, new.digest, content)
    move_rows(origins.moves)
    if identity is not None:
        streams = [own.epoch, *(layer.epoch for layer in layers)]
        derive(origins.redirected(fact, own.station, streams=streams), identity, rows)
        if layers:
            origins.note(own, layers, content.kind, identity=identity)
    stream_tables.put_reissues(origins.rows, origins.now_read)
    put_rows(rows)
    if identity is not None:
        note_coming(identity, came_at)
    take_alarms(rows.alarms, at=now)


def _named(fact: ReadFact, station: str) -> list[Identity]:
    """Return the identities of the facts that ``fact`` is about."""
    return [Identity(station, ref.epoch, ref.seq) for ref in refs_of(fact).values()]


def _choose_directions_again(station_id: str, now: datetime) -> None:
    """Apply once more the directions that people chose, because some of their touches were held at that time."""
    rows = Rows(now)
    facts = Fact.objects.filter(
        stream__station_id=station_id, kind="direction_chosen", held_reason="", body__isnull=False
    )
    # In their order, because of several directions for one touch the last one stands.
    for fact in facts.select_related("stream").order_by("stream_id", "seq"):
        new = NewFact(fact.seq, b"", bytes(fact.body or b""), b"", b"")
        read_body(new)
        if new.fact is not None:
            own = Identity(station_id, bytes(fact.stream.epoch), fact.seq)
            origins = stream_tables.load_origins([at for at in _named(new.fact, station_id) if at.epoch != own.epoch])
            derive(origins.redirected(new.fact, station_id, streams=[own.epoch]), own, rows)
    if directions := rows.of(DIRECTION):
        choose_directions(directions)
