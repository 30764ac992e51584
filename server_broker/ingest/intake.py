"""Store the facts of a batch of envelopes, inside the caller's transaction, and return their receipts.

The rows that other rooms read are derived before the facts are stored. So a fact whose rows the database refuses is
stored held (unread): a receipt says so, its neighbours are read, and its stream goes on.

There are three ways in which a batch is taken; the ladder (`server_broker.ingest.ladder`) chooses one.

* Normally the rows of the whole batch go in together. This is the fast way.
* ``careful``: facts are derived in savepoints, and in halves where the database refuses them, so that those which it
  refuses are found and held.
* ``hold``: all new facts are stored held with this reason, and nothing is derived from them.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError, transaction

from protocol.envelope import Envelope
from protocol.facts import Fact
from protocol.receipts import MAX_HELD, Held, Receipt
from protocol.refusal import Refused
from protocol.reissues import Layer, unwrap
from server_broker.fleet.alarm_codes import CONFLICTING_FACT, SIGNED_HEADS_FULL
from server_broker.fleet.alarms import AlarmCall, AlarmOver, take_alarms
from server_broker.fleet.fact_rows import Identity, Rows, Unstorable
from server_broker.ingest import stream_tables
from server_broker.ingest.held import HELD_ALARM
from server_broker.ingest.messages import Outgoing
from server_broker.ingest.projections import derive, move_rows, put_rows
from server_broker.ingest.reading import Known, NewFact, Reading, StreamState, read_run, runs_of
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.reissues import CROWDED, Crowded, Origins, refs_of
from server_broker.ingest.signatures import HeadClaim, verdicts
from server_broker.ingest.stream_tables import SenderRow, StreamRow
from server_broker.platform.tables import LAST_INTEGER

_log = logging.getLogger(__name__)

_REFUSALS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What the database answers for a row that it will never take. Other errors pass, and the worker tries again."""


@dataclass(slots=True)
class _Work:
    """An envelope, or several that were read as one, on its way into the database."""

    sender: SenderRow
    stream: StreamRow
    reading: Reading

    def identity(self, new: NewFact) -> Identity:
        """Return the identity that a fact of this envelope has in its own stream."""
        return Identity(self.sender.id, self.stream.state.epoch, new.seq)


@dataclass(slots=True)
class Content:
    """What a fact says: the fact itself or, if it is a re-issue, the innermost fact and the layers around it."""

    fact: Fact
    layers: list[Layer] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The name of the fact's kind, as on the wire."""
        return str(self.fact.__struct_config__.tag)


type _ToDerive = tuple[_Work, NewFact, Content]


def place_fact(origins: Origins, own: Identity, digest: bytes, content: Content) -> Identity | None:
    """Return the identity under which the rows of a fact must stand. None: the county has read this fact before.

    If the rows of a re-issue with other content stand where this fact's rows belong, ``origins.moves`` says where they
    must go before this fact's rows are stored.

    Args:
        origins: What the county knows of all identities that the fact names, and of its own.
        own: The fact's identity in its own stream.

    Raises:
        Crowded: Nothing was noted.
    """
    identity: Identity | None = own
    if content.layers:
        if origins.is_crowded(own.station, content.layers):
            raise Crowded
        identity = origins.place(own, content.layers)
    elif origins.is_again(own, digest):
        identity = None
    if identity is None:
        # It must not count a second time.
        origins.note_again(own, content.layers, content.kind)
    else:
        # A re-issue with other content may have its rows under this fact's own identity, which is its by right. Also a
        # carrier's, whose rows stand elsewhere: they must be able to come here when they give way.
        origins.give_way(own)
    return identity


class Intake:
    """Takes one batch of envelopes, in one of the three ways."""

    def __init__(self, *, now: datetime, generation: int, careful: bool = False, hold: str = "") -> None:
        """Make an intake.

        Args:
            generation: The county's, which each receipt states.
            hold: A reason of `server_broker.ingest.reasons`.
        """
        self._now = now
        self._generation = generation
        self._careful = careful
        self._hold_with = hold
        self._rows = Rows(now)
        self._origins = Origins()
        self._alarms: list[AlarmCall | AlarmOver] = []

    def take(self, envelopes: Sequence[tuple[SenderRow, Envelope]]) -> list[Outgoing]:
        """Store what is new in ``envelopes``, in their order, and return the receipts for all of them."""
        work = self._read(envelopes)
        if self._hold_with:
            for one, new in _new_facts(work):
                # What is held already keeps its own reason: a missing signature must not be forgotten.
                if not new.held:
                    self._hold(one, new, self._hold_with)
        else:
            contents = self._unwrap(work)
            self._load_origins(work, contents)
            to_derive = [(one, new, contents[id(new)]) for one, new in _new_facts(work) if not new.held]
            if self._careful:
                self._derive_carefully(to_derive)
            else:
                self._derive(to_derive)
        self._store(work)
        return self._receipts(work)

    def _read(self, envelopes: Sequence[tuple[SenderRow, Envelope]]) -> list[_Work]:
        """Lock the streams, load the facts that may be repeated, and decide what each envelope adds."""
        keys = {(sender.id, envelope.head.epoch) for sender, envelope in envelopes}
        streams = stream_tables.lock_streams(keys, now=self._now)
        self._alarms += stream_tables.beyond_alarms(keys, streams)
        # Without a receipt for the others: their stations keep the facts and ask again tomorrow.
        envelopes = [one for one in envelopes if (one[0].id, one[1].head.epoch) in streams]
        stream_tables.load_known(
            [
                (stream, envelope.first, min(envelope.head.through, stream.state.through))
                for sender, envelope in envelopes
                if envelope.first <= (stream := streams[(sender.id, envelope.head.epoch)]).state.through
            ]
        )
        runs = [(sender, streams[(sender.id, run[0].head.epoch)], run) for sender, run in runs_of(envelopes)]
        # What the county has already is not verified again.
        is_true = verdicts(
            [
                HeadClaim(sender.record_key or b"", sender.id, run[-1].head)
                for sender, stream, run in runs
                if run[-1].head.through > stream.state.through
            ]
        )
        work = []
        # One after the other: each run moves its stream's state on, and the next one may continue from there.
        for sender, stream, run in runs:
            readings = read_run(stream.state, run, is_signed=is_true.of(sender.record_key or b"", sender.id))
            work += [_Work(sender, stream, reading) for reading in readings]
        return work

    def _unwrap(self, work: list[_Work]) -> dict[int, Content]:
        """Return what each readable new fact says, by ``id`` of the fact. Hold the re-issues that cannot be opened."""
        contents = {}
        for one, new in _new_facts(work):
            if new.fact is None:
                continue
            try:
                layers, fact = unwrap(new.fact)
            except Refused as refused:
                self._hold(one, new, refused.reason)
            else:
                contents[id(new)] = Content(fact, layers)
        return contents

    def _load_origins(self, work: list[_Work], contents: dict[int, Content]) -> None:
        """Load what the county has under each identity that decides where the rows of the new facts stand."""
        wanted: set[Identity] = set()
        reissues_here = False
        for one, new in _new_facts(work):
            # A later stream may have brought a re-issue of it. Most streams have none, and then no fact is asked about.
            if one.stream.has_reissues:
                wanted.add(one.identity(new))
            if (content := contents.get(id(new))) is None:
                continue
            for layer in content.layers:
                wanted.add(Identity(one.sender.id, layer.epoch, layer.seq))
                reissues_here = True
            # The facts that this one is about. They may stand under another identity, unless all are of one stream.
            for ref in refs_of(content.fact).values():
                if content.layers or ref.epoch != one.stream.state.epoch:
                    wanted.add(Identity(one.sender.id, ref.epoch, ref.seq))
        self._origins = stream_tables.load_origins(wanted)
        if reissues_here:
            # A re-issue may name a fact of this very batch, which is not in the database yet.
            for one, new in _new_facts(work):
                self._origins.stored[one.identity(new)] = Known(new.digest, new.held)

    def _derive_carefully(self, to_derive: Sequence[_ToDerive]) -> None:
        """Derive and store the rows of facts, and hold those that the database refuses."""
        waiting = [to_derive]
        while waiting:
            some = waiting.pop()
            origins = self._origins.copy()
            known = [one.stream.state.known.get(new.seq) for one, new, _ in some]
            try:
                with transaction.atomic():
                    self._derive(some)
                    self._move_away()
                    put_rows(self._rows)
            except _REFUSALS:
                # As before the try, also for a fact that was held in it for another reason.
                self._origins = origins
                for (one, new, _), before in zip(some, known, strict=True):
                    new.held = ""
                    if before is not None:
                        one.stream.state.known[new.seq] = before
                middle = len(some) // 2
                if middle:
                    waiting += [some[middle:], some[:middle]]
                elif some:
                    self._hold(*some[0][:2], "refused_by_database")
            else:
                self._alarms += self._rows.alarms
            self._rows = Rows(self._now)

    def _derive(self, to_derive: Iterable[_ToDerive]) -> None:
        """Derive the rows of facts, each under its first identity. Hold what no row can hold."""
        for one, new, content in to_derive:
            own = one.identity(new)
            try:
                identity = place_fact(self._origins, own, new.digest, content)
                if identity is None:
                    continue
                streams = [own.epoch, *(layer.epoch for layer in content.layers)]
                derive(self._origins.redirected(content.fact, own.station, streams=streams), identity, self._rows)
            except Crowded:
                self._hold(one, new, CROWDED)
            except Unstorable:
                self._hold(one, new, "out_of_range")
            else:
                # Only now, because the identity of a re-issue that is held stays free for the next one.
                if content.layers:
                    self._origins.note(own, content.layers, content.kind, identity=identity)

    def _hold(self, one: _Work, new: NewFact, reason: str) -> None:
        new.held = reason
        # A repeat of this fact later in the batch must be told the reason too.
        one.stream.state.known[new.seq] = Known(new.digest, reason)
        # A later fact of this batch may carry this one, and nobody has read this one.
        if (own := one.identity(new)) in self._origins.stored:
            self._origins.stored[own] = Known(new.digest, reason)

    def _move_away(self) -> None:
        move_rows(self._origins.moves)
        self._origins.moves.clear()

    def _store(self, work: list[_Work]) -> None:
        self._move_away()
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
        waiting = {
            one.sender.id: min(max(0, one.stream.state.issued - one.stream.state.through), LAST_INTEGER) for one in work
        }
        alarms = [*self._alarms, *self._rows.alarms]
        for one in work:
            if one.reading.outcome == "conflict":
                detail = f"第 {one.reading.conflict_at} 条记录与县里已存的不同，存储卡可能被复制"
                alarms.append(AlarmCall(one.sender.id, CONFLICTING_FACT, "critical", detail))
            for new in one.reading.new:
                if new.held:
                    detail = f"第 {new.seq} 条记录待审：{reason_word(new.held)}"
                    alarms.append(AlarmCall(one.sender.id, f"{HELD_ALARM}{new.held}", "major", detail))
        alarms += overflow_alarms((one.sender.id, one.stream.state) for one in work)
        self._store_best_effort(lambda: stream_tables.put_signed_heads(signed_heads))
        self._store_best_effort(lambda: stream_tables.put_receipted(waiting, at=self._now))
        self._store_best_effort(lambda: take_alarms(alarms, at=self._now))

    def _store_best_effort(self, put: Callable[[], None]) -> None:
        """Store something that a receipt does not need. With ``hold``, go on without it if the database refuses it.

        Otherwise a refusal fails the batch, and the next row of the ladder finds out what is to blame.
        """
        if not self._hold_with:
            put()
            return
        try:
            with transaction.atomic():
                put()
        except _REFUSALS as error:
            _log.error(
                "facts are stored without their signed heads, receipt times or alarms: %s", str(error).splitlines()[0]
            )

    def _receipts(self, work: list[_Work]) -> list[Outgoing]:
        """Return a receipt for each stream, with the held facts that the batch brought or repeated."""
        streams = {one.stream.id: one for one in work}
        held: dict[int, dict[int, Held]] = defaultdict(dict)
        for one in work:
            for again in one.reading.repeated_held:
                held[one.stream.id][again.seq] = again
            for new in one.reading.new:
                if new.held:
                    held[one.stream.id][new.seq] = Held(seq=new.seq, digest=new.digest, reason=new.held)
        receipts = []
        for stream, one in streams.items():
            state, facts = one.stream.state, list(held[stream].values())
            # One receipt carries `MAX_HELD` held facts, so more need several. With none, one receipt is due too.
            for start in range(0, max(1, len(facts)), MAX_HELD):
                receipt = Receipt(
                    station=one.sender.id,
                    epoch=state.epoch,
                    through=state.through,
                    head=state.head,
                    generation=self._generation,
                    held=facts[start : start + MAX_HELD],
                )
                receipts.append(Outgoing(one.sender.shard, receipt))
        return receipts


def _new_facts(work: list[_Work]) -> Iterator[tuple[_Work, NewFact]]:
    return ((one, new) for one in work for new in one.reading.new)


def overflow_alarms(states: Iterable[tuple[str, StreamState]]) -> list[AlarmCall]:
    """Return an alarm for each station that has signed more heads than are kept, and sent no facts for them."""
    detail = "站点多次接通却没有一条记录送到，此时若换卡，可能查不出缺了什么"
    return [AlarmCall(station, SIGNED_HEADS_FULL, "major", detail) for station, state in states if state.overflowed]
