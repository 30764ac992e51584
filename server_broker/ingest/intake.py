"""Envelopes into the database: one batch, inside the caller's transaction, with receipts to publish after it.

Each fact's rows are derived before the facts are stored, so a fact whose rows the database refuses is stored
held. In the ordinary way a whole batch's rows go in together; ``careful`` gives each fact a savepoint of its own,
for the batch that the database refused as a whole. Where even that fails, an envelope is taken with ``hold``: its
facts are stored unread with that reason and nothing is derived from them, so that its stream goes on.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError, transaction

from protocol.envelope import Envelope
from protocol.facts import Fact
from protocol.receipts import MAX_HELD, Held, Receipt
from protocol.refusal import Refused
from protocol.reissues import Layer, unwrap
from protocol.units import FactRef
from server_broker.fleet.alarms import AlarmCall, AlarmOver, take_alarms
from server_broker.ingest import stream_tables
from server_broker.ingest.answers import Answer
from server_broker.ingest.held import HELD_ALARM
from server_broker.ingest.overflow import overflow_alarms
from server_broker.ingest.projection_tables import move_rows, put_rows
from server_broker.ingest.projections import Identity, Rows, Unstorable, derive
from server_broker.ingest.reading import Known, NewFact, Reading, read_envelope
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.reissues import Origins, ref_of
from server_broker.ingest.stream_tables import SenderRow, StreamRow

_log = logging.getLogger(__name__)

_LAST_INTEGER = 2**31 - 1
_REFUSALS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What the database says of a row that it will never take."""


@dataclass(slots=True)
class _Work:
    """One envelope on its way."""

    sender: SenderRow
    stream: StreamRow
    reading: Reading


@dataclass(slots=True)
class _Unwrapped:
    """A fact to derive rows from: itself, or the innermost of a re-issue with the layers that it came in."""

    fact: Fact
    layers: list[Layer] = field(default_factory=list)

    def streams(self, own: bytes) -> list[bytes]:
        """Return the epochs of the streams that it came in, the one at hand first."""
        return [own, *(layer.epoch for layer in self.layers)]

    def points_away(self, own: bytes) -> FactRef | None:
        """Return the name of the fact that it is about, where that may stand under another identity."""
        ref = ref_of(self.fact)
        return ref if ref is not None and (self.layers or ref.epoch != own) else None


class Intake:
    """Takes one batch of envelopes.

    ``careful`` and ``hold`` (a reason of `server_broker.ingest.reasons`) as said above.
    """

    def __init__(self, *, now: datetime, generation: int, careful: bool = False, hold: str = "") -> None:
        self._now = now
        self._generation = generation
        self._careful = careful
        self._hold_with = hold
        self._rows = Rows(now)
        self._origins = Origins()
        self._alarms: list[AlarmCall | AlarmOver] = []

    def take(self, envelopes: Sequence[tuple[SenderRow, Envelope]]) -> list[Answer]:
        """Store what is new in ``envelopes``, in their order, and return the receipts for all of them."""
        work = self._read(envelopes)
        if self._hold_with:
            for one, new in _unheld(work):
                self._hold(one, new, self._hold_with)
        else:
            unwrapped = self._unwrap(work)
            self._load_origins(work, unwrapped)
            for one, new in _unheld(work):
                self._derive(one, new, unwrapped[id(new)])
        self._store(work)
        return self._receipts(work)

    def _read(self, envelopes: Sequence[tuple[SenderRow, Envelope]]) -> list[_Work]:
        keys = {(sender.id, envelope.head.epoch) for sender, envelope in envelopes}
        streams = stream_tables.lock_streams(keys, now=self._now)
        stream_tables.load_known(
            [
                (stream, envelope.first, min(envelope.head.through, stream.state.through))
                for sender, envelope in envelopes
                if envelope.first <= (stream := streams[(sender.id, envelope.head.epoch)]).state.through
            ]
        )
        work = []
        for sender, envelope in envelopes:
            stream = streams[(sender.id, envelope.head.epoch)]
            key = sender.record_key or b""
            reading = read_envelope(stream.state, envelope, station=sender.id, record_key=key)
            work.append(_Work(sender, stream, reading))
        return work

    def _unwrap(self, work: list[_Work]) -> dict[int, _Unwrapped]:
        """Return what each readable new fact says, by ``id`` of the fact; hold the re-issues that can't be opened."""
        unwrapped = {}
        for one in work:
            for new in one.reading.new:
                if new.fact is None:
                    continue
                try:
                    layers, fact = unwrap(new.fact)
                except Refused as refused:
                    self._hold(one, new, refused.reason)
                else:
                    unwrapped[id(new)] = _Unwrapped(fact, layers)
        return unwrapped

    def _load_origins(self, work: list[_Work], unwrapped: dict[int, _Unwrapped]) -> None:
        identities = {
            Identity(one.sender.id, layer.epoch, layer.seq)
            for one, new in _new_facts(work)
            if id(new) in unwrapped
            for layer in unwrapped[id(new)].layers
        }
        reissues_here = bool(identities)
        identities |= {_identity(one, new) for one, new in _new_facts(work) if one.stream.has_reissues}
        identities |= {
            Identity(one.sender.id, ref.epoch, ref.seq)
            for one, new in _new_facts(work)
            if id(new) in unwrapped and (ref := unwrapped[id(new)].points_away(one.stream.state.epoch))
        }
        self._origins = stream_tables.load_origins(identities)
        if reissues_here:
            for one, new in _new_facts(work):
                one.stream.has_reissues = True
                self._origins.stored[_identity(one, new)] = Known(new.digest, new.held)

    def _derive(self, one: _Work, new: NewFact, said: _Unwrapped) -> None:
        own = _identity(one, new)
        who: Identity | None = own
        if said.layers:
            who = self._origins.place(own, said.layers)
        elif one.stream.has_reissues:
            who = self._direct(own, new.digest)
        if who is None:
            self._origins.note_again(own, said.layers, _kind_of(said.fact))
            return
        try:
            streams = said.streams(one.stream.state.epoch)
            self._put(self._origins.pointed(said.fact, who.station, streams=streams), who)
        except (Unstorable, *_REFUSALS) as error:
            self._hold(one, new, "out_of_range" if isinstance(error, Unstorable) else "refused_by_database")
        else:
            if said.layers:
                self._origins.note(own, said.layers, _kind_of(said.fact), identity=who)

    def _direct(self, who: Identity, digest: bytes) -> Identity | None:
        """Return under what a fact in its own stream stands, or None when a re-issue of it came first."""
        if self._origins.is_again(who, digest):
            return None
        if (elsewhere := self._origins.give_way(who)) is not None:
            move_rows(who, elsewhere)
        return who

    def _put(self, fact: Fact, who: Identity) -> None:
        if not self._careful:
            derive(fact, who, self._rows)
            return
        rows = Rows(self._now)
        derive(fact, who, rows)
        with transaction.atomic():
            put_rows(rows)
        self._alarms += rows.alarms

    def _hold(self, one: _Work, new: NewFact, reason: str) -> None:
        new.held = reason
        one.stream.state.known[new.seq] = Known(new.digest, reason)

    def _store(self, work: list[_Work]) -> None:
        put_rows(self._rows)
        facts = [(one.stream.id, new) for one, new in _new_facts(work)]
        if facts:
            stream_tables.put_facts(facts, received_at=self._now)
        stream_tables.put_streams({one.stream.id: one.stream for one in work}.values())
        stream_tables.put_reissues(self._origins.rows, self._origins.now_read)
        signed_heads = {
            one.stream.id: (signed.through, signed.head, signed.signature)
            for one in work
            if (signed := one.reading.signed) is not None
        }
        waiting = {one.sender.id: _waiting(one.stream) for one in work}
        alarms = [*_intake_alarms(work), *overflow_alarms((one.sender.id, one.stream.state) for one in work)]
        self._beside(lambda: stream_tables.put_signed_heads(signed_heads))
        self._beside(lambda: stream_tables.put_receipted(waiting, at=self._now))
        self._beside(lambda: take_alarms([*self._alarms, *self._rows.alarms, *alarms], at=self._now))

    def _beside(self, put: Callable[[], None]) -> None:
        """Store what the facts and their receipt stand without: of those that are held, nothing else is required."""
        if not self._hold_with:
            put()
            return
        try:
            with transaction.atomic():
                put()
        except _REFUSALS as error:
            _log.error("stored without what belongs to it: %s", str(error).splitlines()[0])

    def _receipts(self, work: list[_Work]) -> list[Answer]:
        senders = {one.stream.id: one for one in work}
        held: dict[int, dict[int, Held]] = defaultdict(dict)
        for one in work:
            for again in one.reading.repeated_held:
                held[one.stream.id][again.seq] = again
            for new in one.reading.new:
                if new.held:
                    held[one.stream.id][new.seq] = Held(seq=new.seq, digest=new.digest, reason=new.held)
        return [
            self._receipt(one, part) for stream, one in senders.items() for part in _parts(list(held[stream].values()))
        ]

    def _receipt(self, one: _Work, held: list[Held]) -> Answer:
        state = one.stream.state
        receipt = Receipt(
            station=one.sender.id,
            epoch=state.epoch,
            through=state.through,
            head=state.head,
            generation=self._generation,
            held=held,
        )
        return Answer(one.sender.shard, receipt)


def _kind_of(fact: Fact) -> str:
    return str(fact.__struct_config__.tag)


def _new_facts(work: list[_Work]) -> Iterator[tuple[_Work, NewFact]]:
    return ((one, new) for one in work for new in one.reading.new)


def _unheld(work: list[_Work]) -> Iterator[tuple[_Work, NewFact]]:
    return ((one, new) for one, new in _new_facts(work) if not new.held)


def _identity(one: _Work, new: NewFact) -> Identity:
    return Identity(one.sender.id, one.stream.state.epoch, new.seq)


def _waiting(stream: StreamRow) -> int:
    return min(max(0, stream.state.issued - stream.state.through), _LAST_INTEGER)


def _parts(held: list[Held]) -> list[list[Held]]:
    """Cut a list to what one receipt carries; nothing held is one receipt too."""
    return [held[start : start + MAX_HELD] for start in range(0, len(held), MAX_HELD)] or [[]]


def _intake_alarms(work: list[_Work]) -> Iterator[AlarmCall]:
    for one in work:
        if one.reading.outcome == "conflict":
            detail = f"第 {one.reading.conflict_at} 条记录与县里已存的不同，存储卡可能被复制"
            yield AlarmCall(one.sender.id, "conflicting_fact", "critical", detail)
        for new in one.reading.new:
            if new.held:
                yield AlarmCall(one.sender.id, f"{HELD_ALARM}{new.held}", "major", _held_detail(new))


def _held_detail(new: NewFact) -> str:
    return f"第 {new.seq} 条记录待审：{reason_word(new.held)}"
