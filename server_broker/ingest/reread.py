"""Read held facts again: after an upgrade that knows their kind, a corrected key, or a repair of the database.

A fact that was held because nobody had signed for it is read only if a later signed head vouches for it. This means
that the chain over the county's facts, this one among them, leads to a head that the station signed.

What somebody carried here after the station was revoked is read once a person has accepted it
(`server_broker.settling.carried_facts`).
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, transaction

from protocol.facts import DirectionChosen
from protocol.heads import SignedHead
from protocol.refusal import Refused
from protocol.reissues import unwrap
from server_broker.attendance.facts import note_comings
from server_broker.fleet.alarms import take_alarms
from server_broker.fleet.fact_rows import Identity, Rows, Unstorable
from server_broker.fleet.models import Station, Stream
from server_broker.ingest import stream_tables
from server_broker.ingest.chosen_before import Chosen, ChosenBefore
from server_broker.ingest.held import close_alarms, is_to_be_accepted, to_review
from server_broker.ingest.intake import Content, place_fact
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.projections import derive, move_rows, put_rows
from server_broker.ingest.reading import Known, NewFact, read_body
from server_broker.ingest.record_keys import signed_by_station
from server_broker.ingest.reissues import CROWDED, Crowded, Origins, refs_of

FACTS_A_TIME = 200
FACTS_AT_FIRST = 25
SECONDS_A_TIME = 0.2
"""As long may a stream be locked: the ingest worker, and with it every station, waits for its row."""
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

    Facts that were written off stay unread. As many are read in one transaction as `SECONDS_A_TIME` allows, so that the
    ingest worker gets at the stream in between.

    Args:
        accepted: A person has accepted what came after the station was revoked. Otherwise it stays held.
    """
    result = Reread()
    at = now or datetime.now(UTC)
    station = Station.objects.get(pk=station_id)
    streams = to_review().filter(stream__station=station).order_by("stream_id").values_list("stream_id", flat=True)
    chosen = ChosenBefore(station_id)
    for stream in list(streams.distinct()):
        chosen.look()
        _OfStream(station, stream, chosen, result, at, accepted=accepted).read_all()
    with transaction.atomic():
        close_alarms(station_id, at=at)
    return result


class _OfStream:
    """Reads the held facts of one stream, some in each transaction, in their order."""

    def __init__(
        self, station: Station, stream: int, chosen: ChosenBefore, result: Reread, now: datetime, *, accepted: bool
    ) -> None:
        self._station = station
        self._stream = stream
        self._chosen = chosen
        self._result = result
        self._now = now
        self._accepted = accepted
        self._at_most = FACTS_AT_FIRST
        # Before the stream is locked: to ask the journal and to verify takes some time. What is signed later waits.
        self._vouched = _vouched(station, Stream.objects.get(pk=stream))

    def read_all(self) -> None:
        after: int | None = 0
        while after is not None:
            began = monotonic()
            with transaction.atomic():
                after = self._read_some(after, until=began + SECONDS_A_TIME)
            took = monotonic() - began
            if took > SECONDS_A_TIME:
                self._at_most = max(1, self._at_most // 2)
            elif took < SECONDS_A_TIME / 4:
                self._at_most = min(FACTS_A_TIME, self._at_most * 2)

    def _read_some(self, after: int, *, until: float) -> int | None:
        """Read the next facts beyond seq ``after``. Return the seq of the last one, or None if there were no more."""
        # Locked, because the ingest worker may be storing facts of this stream.
        stream = Stream.objects.select_for_update().get(pk=self._stream)
        rows = list(
            to_review().filter(stream=stream, seq__gt=after).order_by("seq")[: min(self._at_most, FACTS_A_TIME)]
        )
        if not rows:
            return None
        reading = _Reading(self._station.pk, stream, self._now, self._chosen)
        tried = [row for row in rows if self._is_to_try(row)]
        reasons = {row.seq: row.held_reason for row in rows}
        last = rows[-1].seq
        try:
            reasons |= reading.read(tried)
        except (DataError, IntegrityError):
            # One of them is to blame. As far as the time allows each is read by itself.
            for row in tried:
                reasons[row.seq] = _read_alone(reading, row)
                if monotonic() > until:
                    last = row.seq
                    break
        for seq, reason in reasons.items():
            if seq <= last:
                self._note(reason)
        return last

    def _note(self, reason: str) -> None:
        if reason:
            self._result.still_held[reason] += 1
        else:
            self._result.read += 1

    def _is_to_try(self, row: Fact) -> bool:
        if not self._accepted and is_to_be_accepted(
            row.held_reason, row.received_at, revoked_at=self._station.revoked_at
        ):
            return False
        return _may_be_read(row, self._vouched)


def reads_now(station_id: str, stream: Stream, row: Fact) -> bool:
    """Try to read a held fact, in a transaction that the caller rolls back, and return whether that went well."""
    station = Station.objects.get(pk=station_id)
    try:
        if not _may_be_read(row, _vouched(station, stream)):
            return False
        return not _read_alone(_Reading(station_id, stream, datetime.now(UTC), ChosenBefore(station_id)), row)
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


def _may_be_read(row: Fact, vouched: range) -> bool:
    # Where its content was erased for privacy, there is nothing to read.
    if row.body is None or row.salt is None:
        return False
    return row.held_reason not in UNVOUCHED or row.seq in vouched


def _read_alone(reading: "_Reading", row: Fact) -> str:
    """Read one fact. Return the reason for which it stays held, or an empty string."""
    try:
        return reading.read([row])[row.seq]
    except (DataError, IntegrityError):
        return reading.refuse(row)


@dataclass(slots=True)
class _Opened:
    """A held fact, and what it says; nothing if nobody can read that."""

    row: Fact
    new: NewFact
    content: Content | None


class _Reading:
    """Reads held facts of one stream, which the caller has locked, by the rules by which intake reads a batch."""

    def __init__(self, station: str, stream: Stream, now: datetime, chosen: ChosenBefore) -> None:
        self._station = station
        self._stream = stream
        self._epoch = bytes(stream.epoch)
        self._now = now
        self._chosen = chosen

    def read(self, rows: Sequence[Fact]) -> dict[int, str]:
        """Read facts together. Return by seq for which reason each stays held, or an empty string.

        Raises:
            DataError: The database refuses a row of one of them. Nothing was stored.
            IntegrityError: As before.
        """
        if not rows:
            return {}
        opened = [_open(row) for row in rows]
        origins = stream_tables.load_origins(self._named(opened))
        derived = Rows(self._now)
        placed: list[tuple[_Opened, Identity]] = []
        for one in opened:
            if one.content is not None and (identity := self._derive(one.new, one.content, origins, derived)):
                placed.append((one, identity))
        chosen = self._directions(opened)
        with transaction.atomic():
            move_rows(origins.moves)
            stream_tables.put_reissues(origins.rows, origins.now_read)
            put_rows(derived)
            note_comings([(identity, one.row.received_at) for one, identity in placed])
            self._chosen.choose_again(self._names(placed), chosen, now=self._now)
            take_alarms(derived.alarms, at=self._now)
            stream_tables.put_reread(self._stream.pk, [one.new for one in opened])
        for direction in chosen:
            self._chosen.add(direction)
        return {one.row.seq: one.new.held for one in opened}

    def refuse(self, row: Fact) -> str:
        """Hold a fact because the database refuses what it says. Return that reason."""
        new = _open(row).new
        new.held = "refused_by_database"
        stream_tables.put_reread(self._stream.pk, [new])
        return new.held

    def _own(self, seq: int) -> Identity:
        return Identity(self._station, self._epoch, seq)

    def _named(self, opened: Sequence[_Opened]) -> set[Identity]:
        """Return the identities that decide where the rows of the facts stand."""
        named = {self._own(one.row.seq) for one in opened}
        for one in opened:
            if one.content is not None:
                named.update(Identity(self._station, layer.epoch, layer.seq) for layer in one.content.layers)
                named.update(Identity(self._station, ref.epoch, ref.seq) for ref in refs_of(one.content.fact).values())
        return named

    def _derive(self, new: NewFact, content: Content, origins: Origins, rows: Rows) -> Identity | None:
        """Add the rows of a fact to ``rows`` and return the identity under which they stand.

        None: it stays held, as ``new`` says, or the county has read it by a re-issue.
        """
        own = self._own(new.seq)
        try:
            # While it was held, the county may have read it by a re-issue, or put another one under its identity.
            identity = place_fact(origins, own, new.digest, content)
            if identity is not None:
                streams = [own.epoch, *(layer.epoch for layer in content.layers)]
                derive(origins.redirected(content.fact, own.station, streams=streams), identity, rows)
                if content.layers:
                    origins.note(own, content.layers, content.kind, identity=identity)
        except Crowded:
            new.held, identity = CROWDED, None
        except Unstorable:
            new.held, identity = "out_of_range", None
        # The next one may carry this one.
        origins.stored[own] = Known(new.digest, new.held)
        return identity

    def _directions(self, opened: Sequence[_Opened]) -> list[Chosen]:
        """Return the directions among facts that are read now."""
        return [
            Chosen(self._stream.pk, one.row.seq, self._epoch, one.content.fact)
            for one in opened
            if not one.new.held and one.content is not None and isinstance(one.content.fact, DirectionChosen)
        ]

    def _names(self, placed: Sequence[tuple[_Opened, Identity]]) -> set[tuple[bytes, int]]:
        """Return the places by which a direction that came while they were held may name these facts."""
        names: set[tuple[bytes, int]] = set()
        for one, identity in placed:
            assert one.content is not None
            names |= {(identity.epoch, identity.seq), (self._epoch, one.row.seq)}
            names |= {(layer.epoch, layer.seq) for layer in one.content.layers}
        return names


def _open(row: Fact) -> _Opened:
    assert row.salt is not None
    assert row.body is not None
    new = NewFact(row.seq, bytes(row.salt), bytes(row.body), bytes(row.digest), bytes(row.head))
    read_body(new)
    if new.fact is None:
        return _Opened(row, new, None)
    try:
        layers, fact = unwrap(new.fact)
    except Refused as refused:
        new.held = refused.reason
        return _Opened(row, new, None)
    return _Opened(row, new, Content(fact, layers))
