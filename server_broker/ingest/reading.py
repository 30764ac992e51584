"""Decide what envelopes add to a stream. Pure: no database, no clock, no keys.

A *stream* is the row of facts that a station numbers from 1 on (their *seq*). Its name is its *epoch*, random bytes. A
station opens a new stream when its own facts and the county's no longer agree. The *chain* gives each seq a value
(*head*) that depends on all facts up to it: two sides with the same value at a seq have the same facts. A *signed
head* is such a value with the station's signature: "these facts are mine".

The rules for an envelope, in the order in which they are tried:

* It begins beyond the next seq (a gap): nothing is stored, and the receipt says where the county stands.
* The county has another fact at one of its seqs (a conflict): nothing of it is stored, and nothing is overwritten.
* The county has all of it (a repeat): the receipt is given again.
* Its signature does not verify: the new facts are held as ``bad_signature``. The chain goes on over their content.
* Its facts do not lead to the head that it signed: they are held as ``chain_mismatch``. The chain goes on likewise.
* Its facts pass a head that the station signed before, without leading to it (also a conflict): nothing is stored.
* A fact cannot be read: it is held with the reason, and its neighbours are read.

The county computes the head of a stream from the facts that it has stored, always. It never adopts a signed head to
which these facts do not lead. If it did, a station whose *earlier* facts differ (its card was put back to an older
copy) would seem to agree, and those facts would be lost. Instead the station sees a head that does not fit, opens a new
stream, and re-issues the facts that the county does not have.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from protocol import chain
from protocol.birth import MAX_HEADS
from protocol.envelope import Envelope
from protocol.facts import Fact, decode_fact
from protocol.heads import SignedHead
from protocol.receipts import Held
from protocol.refusal import Refused

type Judge = Callable[[SignedHead], bool]
type Outcome = Literal["stored", "repeat", "gap", "conflict"]


class Known(NamedTuple):
    """The fact that the county has at a seq: its digest, and why it is held. Empty: it was read."""

    digest: bytes
    held: str


class HeadAt(NamedTuple):
    """A head (chain value) at a seq."""

    seq: int
    head: bytes


@dataclass(slots=True)
class StreamState:
    """Where the county stands in one stream."""

    epoch: bytes
    through: int
    """The last seq up to which the county has every fact."""
    head: bytes
    """The chain's value at ``through``."""
    issued: int = 0
    """The highest seq that the station has signed for."""
    known: dict[int, Known] = field(default_factory=dict)
    """The stored facts that the envelopes at hand may repeat."""
    unproven: dict[HeadAt, bytes] = field(default_factory=dict)
    """The heads that the station has signed beyond ``through``, with the nonce of the connection that each came on.

    Empty nonce: it did not come with a birth.
    """
    noted: list[tuple[SignedHead, bytes]] = field(default_factory=list)
    """New heads to keep: those of ``unproven``, and those that contradict what the county has."""
    dropped: list[HeadAt] = field(default_factory=list)
    """Kept heads that say nothing more: the facts lead to them now, or a later head takes their place."""
    changed: bool = False
    overflowed: bool = False
    """A head could not be kept, because too many are unproven."""

    @classmethod
    def new(cls, *, station: str, epoch: bytes) -> "StreamState":
        """Return the state of a stream of which the county has nothing."""
        return cls(epoch=epoch, through=0, head=chain.first_head(station=station, epoch=epoch))

    def note(self, signed: SignedHead, *, connection: bytes = b"", contradicts: bool = False) -> None:
        """Note how many facts the station has issued by its own signature.

        Args:
            signed: A head whose signature was verified.
            connection: Nonce of the birth that carries it. On one connection one program runs, so a later head of
                the connection leads over the earlier ones, and they need not be kept.
            contradicts: The county has facts up to this head's seq, and they do not lead to it.
        """
        if signed.through > self.issued:
            self.issued, self.changed = signed.through, True
        at = HeadAt(signed.through, signed.head)
        if at.seq <= self.through:
            if contradicts:
                self.noted.append((signed, connection))
                self.changed = True
            return
        if at in self.unproven:
            return
        same_line = [one for one, by in self.unproven.items() if connection and by == connection]
        for earlier in [one for one in same_line if one.seq < at.seq]:
            del self.unproven[earlier]
            self.dropped.append(earlier)
        # A welcome lists them for the station, and carries no more.
        if len(self.unproven) >= MAX_HEADS:
            self.overflowed = True
            return
        self.unproven[at] = connection
        self.noted.append((signed, connection))
        self.changed = True

    def advance(self, new: "list[NewFact]") -> None:
        """Move on over facts that will be stored, and drop the signed heads that they lead to."""
        self.through, self.head, self.changed = new[-1].seq, new[-1].head, True
        for fact in new:
            self.known[fact.seq] = Known(fact.digest, fact.held)
        # A head that the new facts pass without leading to it is not dropped: it stays in the database as a proof.
        if self.unproven:
            self.dropped += self.unproven.keys() & {HeadAt(fact.seq, fact.head) for fact in new}
            self.unproven = {at: by for at, by in self.unproven.items() if at.seq > self.through}


@dataclass(slots=True)
class NewFact:
    """A fact to store. ``fact`` is None if it was not read. ``held`` may still be set while its rows are derived."""

    seq: int
    salt: bytes
    body: bytes
    digest: bytes
    head: bytes
    fact: Fact | None = None
    kind: str = ""
    held: str = ""


@dataclass(slots=True)
class Reading:
    """What came of one envelope. ``signed`` is its head, if the signature verifies and the facts lead to it."""

    outcome: Outcome
    new: list[NewFact] = field(default_factory=list)
    repeated_held: list[Held] = field(default_factory=list)
    signed: SignedHead | None = None
    conflict_at: int = 0


def runs_of[S](envelopes: Iterable[tuple[S, Envelope]]) -> list[tuple[S, list[Envelope]]]:
    """Return the envelopes in runs: those of a station that go on, each where the one before it ended.

    The runs of one station keep the order in which its envelopes came.
    """
    runs: list[tuple[S, list[Envelope]]] = []
    latest: dict[str, list[Envelope]] = {}
    for sender, envelope in envelopes:
        run = latest.get(envelope.station)
        if run and run[-1].head.epoch == envelope.head.epoch and run[-1].head.through + 1 == envelope.first:
            run.append(envelope)
        else:
            latest[envelope.station] = run = [envelope]
            runs.append((sender, run))
    return runs


def read_run(state: StreamState, run: Sequence[Envelope], *, is_signed: Judge) -> list[Reading]:
    """Return what a run of envelopes adds to ``state``, and move ``state`` on.

    A station signs how far its stream has got and never a batch, so its facts may be read in other pieces than they
    came in. If the last head of the run is signed, and the facts lead to it and to each head before it, then the run is
    one reading: its signature stands for all. Otherwise each envelope is read by itself.

    Args:
        state: The stream of the run's epoch; ``known`` covers every seq of the run up to ``through``.
        is_signed: Tells whether a head bears the signature of the sender, as the broker authenticated it.
    """
    if len(run) > 1:
        whole = msgspec.structs.replace(run[0], facts=[fact for one in run for fact in one.facts], head=run[-1].head)
        reading = _compared(state, whole)
        if reading.outcome == "repeat":
            return [reading]
        ours = {fact.seq: fact.head for fact in reading.new}
        leads = all(ours.get(one.head.through, one.head.head) == one.head.head for one in run)
        if reading.outcome == "stored" and leads and is_signed(whole.head):
            reading = _judged(reading, whole.head, is_signed=True, unproven=state.unproven)
            if reading.outcome == "stored":
                return [_noted(state, reading, whole.head, is_signed=True)]
    return [read_envelope(state, envelope, is_signed=is_signed) for envelope in run]


def read_envelope(state: StreamState, envelope: Envelope, *, is_signed: Judge) -> Reading:
    """Return what ``envelope`` adds to ``state``, and move ``state`` on; arguments as for `read_run`."""
    reading = _compared(state, envelope)
    if reading.outcome == "repeat":
        return reading
    # Checked for gaps and conflicts too: a head that the station signed counts as issued whatever came with it.
    signed = is_signed(envelope.head)
    if reading.outcome == "stored":
        reading = _judged(reading, envelope.head, is_signed=signed, unproven=state.unproven)
    return _noted(state, reading, envelope.head, is_signed=signed)


def _noted(state: StreamState, reading: Reading, head: SignedHead, *, is_signed: bool) -> Reading:
    """Move ``state`` on by what was read, and by the head that came with it."""
    if reading.outcome == "stored":
        state.advance(reading.new)
    if is_signed:
        state.note(head, contradicts=reading.outcome == "conflict")
    return reading


def _compared(state: StreamState, envelope: Envelope) -> Reading:
    """Compare the envelope with what the county has. If it goes on from there, chain its new facts."""
    if envelope.first > state.through + 1:
        return Reading("gap")
    repeats = min(len(envelope.facts), state.through - envelope.first + 1)
    repeated_held: list[Held] = []
    for offset in range(repeats):
        seq = envelope.first + offset
        known = state.known.get(seq)
        digest = envelope.facts[offset].digest()
        # None: the county's row was deleted, so nobody can say that this is the same fact.
        if known is None or known.digest != digest:
            return Reading("conflict", conflict_at=seq)
        if known.held:
            repeated_held.append(Held(seq=seq, digest=digest, reason=known.held))
    if repeats == len(envelope.facts):
        return Reading("repeat", repeated_held=repeated_held)
    head = state.head
    new: list[NewFact] = []
    for seq, sealed in enumerate(envelope.facts[repeats:], envelope.first + repeats):
        digest = sealed.digest()
        head = chain.next_head(head, seq=seq, digest=digest)
        new.append(NewFact(seq, sealed.salt, sealed.body, digest, head))
    return Reading("stored", repeated_held=repeated_held, new=new)


def _judged(reading: Reading, head: SignedHead, *, is_signed: bool, unproven: Iterable[HeadAt]) -> Reading:
    """Read the new facts if the station signed for them: their chain leads to ``head`` and to each head before it."""
    heads = {fact.seq: fact.head for fact in reading.new}
    contradicted = [at.seq for at in unproven if heads.get(at.seq, at.head) != at.head]
    if not is_signed:
        _hold_all(reading.new, "bad_signature")
    elif reading.new[-1].head != head.head:
        _hold_all(reading.new, "chain_mismatch")
    # Last, because facts for which the station did not sign prove nothing against a head for which it did.
    elif contradicted:
        return Reading("conflict", conflict_at=min(contradicted))
    else:
        reading.signed = head
        for new in reading.new:
            read_body(new)
    return reading


def _hold_all(new: list[NewFact], reason: str) -> None:
    for fact in new:
        fact.held = reason


def read_body(new: NewFact) -> None:
    """Decode the body of ``new``, or hold it with the reason why it cannot be read."""
    try:
        new.fact = decode_fact(new.body)
    except Refused as refused:
        new.held = refused.reason
    else:
        new.kind = str(new.fact.__struct_config__.tag)
