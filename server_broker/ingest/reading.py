"""Decide what an envelope adds to a stream. Pure: no database, no clock, no keys but the station's public one.

The rules, in the order in which they are tried:

* it begins beyond the next seq (a gap): nothing is stored, the receipt says where the county stands;
* a seq that the county has carries another digest (a conflict): nothing of it is stored or overwritten;
* its facts lead past a head that the station signed before, and not to it (a conflict likewise);
* all of it is known (a repeat): the receipt is said again;
* the signature does not verify: the new facts are held ``bad_signature``, the chain goes on over their content;
* the signed head verifies but the content does not lead to it: held ``chain_mismatch``, the chain goes on likewise;
* a fact that cannot be read is held with the reason of its refusal, and its neighbours are read.

The county's head is always the chain over what it has. Were a signed head adopted that its content does not lead to,
a station whose *earlier* facts differ (a rolled-back card) would seem to agree, and those facts would be lost. So it
is told a head that does not fit, opens a new stream, and re-issues what the county cannot match.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from protocol import chain
from protocol.birth import MAX_MARKS
from protocol.envelope import Envelope
from protocol.facts import Fact, decode_fact
from protocol.heads import SignedHead, verify_head
from protocol.receipts import Held
from protocol.refusal import Refused

type Outcome = Literal["stored", "repeat", "gap", "conflict"]


class Known(NamedTuple):
    """What the county has at a seq: the digest, and why it is held (empty: it was read)."""

    digest: bytes
    held: str


class Mark(NamedTuple):
    """A chain value at a seq."""

    seq: int
    head: bytes


@dataclass(slots=True)
class StreamState:
    """Where the county stands in one stream. ``known`` holds the seqs that envelopes at hand may repeat.

    ``unproven`` are the heads beyond ``through`` that the station has signed, with the nonce of the connection on which
    each came, where that is known. ``noted`` are new ones to keep, also those that contradict what the county has;
    ``settled`` are to be forgotten. ``overflowed``: one could not be kept.
    """

    epoch: bytes
    through: int
    head: bytes
    issued: int = 0
    known: dict[int, Known] = field(default_factory=dict)
    unproven: dict[Mark, bytes] = field(default_factory=dict)
    noted: list[tuple[SignedHead, bytes]] = field(default_factory=list)
    settled: list[Mark] = field(default_factory=list)
    changed: bool = False
    overflowed: bool = False

    @classmethod
    def new(cls, *, station: str, epoch: bytes) -> "StreamState":
        """Return the state of a stream of which the county has nothing."""
        return cls(epoch=epoch, through=0, head=chain.first_head(station=station, epoch=epoch))

    def note(self, signed: SignedHead, *, connection: bytes = b"", contradicts: bool = False) -> None:
        """Note how far the station says to have got.

        Args:
            signed: A head whose signature was verified.
            connection: Nonce of the birth that carries it. A connection is one running program, so a later head of
                it leads over the earlier ones.
            contradicts: The county has that many facts, and they do not lead to it.
        """
        if signed.through > self.issued:
            self.issued, self.changed = signed.through, True
        mark = Mark(signed.through, signed.head)
        if mark.seq > self.through:
            self._note_ahead(mark, signed, connection)
        elif contradicts:
            self.noted.append((signed, connection))
            self.changed = True

    def _note_ahead(self, mark: Mark, signed: SignedHead, connection: bytes) -> None:
        if mark in self.unproven:
            return
        same_line = [one for one, by in self.unproven.items() if connection and by == connection]
        for earlier in [one for one in same_line if one.seq < mark.seq]:
            del self.unproven[earlier]
            self.settled.append(earlier)
        if len(self.unproven) >= MAX_MARKS:
            self.overflowed = True
            return
        self.unproven[mark] = connection
        self.noted.append((signed, connection))
        self.changed = True

    def advance(self, new: "list[NewFact]") -> None:
        """Go on over facts that are to be stored, and past the heads that they lead to."""
        self.through, self.head, self.changed = new[-1].seq, new[-1].head, True
        for fact in new:
            self.known[fact.seq] = Known(fact.digest, fact.held)
        self.settled += self.unproven.keys() & {Mark(fact.seq, fact.head) for fact in new}
        self.unproven = {mark: by for mark, by in self.unproven.items() if mark.seq > self.through}


@dataclass(slots=True)
class NewFact:
    """A fact to store. ``held`` may still be set while its rows are derived; ``fact`` is None where unread."""

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
    """What came of one envelope. ``signed`` is its head where the signature holds and the content leads to it."""

    outcome: Outcome
    new: list[NewFact] = field(default_factory=list)
    repeated_held: list[Held] = field(default_factory=list)
    signed: SignedHead | None = None
    conflict_at: int = 0


def read_envelope(state: StreamState, envelope: Envelope, *, station: str, record_key: bytes) -> Reading:
    """Return what ``envelope`` adds to ``state``, and move ``state`` on.

    Args:
        state: The stream of the envelope's epoch; ``known`` covers every seq of the envelope up to ``through``.
        station: The sender as the broker authenticated it.
        record_key: The station's raw Ed25519 public key.
    """
    reading = _compared(state, envelope)
    if reading.outcome == "repeat":
        return reading
    signed = _is_signed(envelope.head, station=station, record_key=record_key)
    if reading.outcome == "stored":
        reading = _judged(reading, envelope.head, is_signed=signed, unproven=state.unproven)
    if reading.outcome == "stored":
        state.advance(reading.new)
    if signed:
        state.note(envelope.head, contradicts=reading.outcome == "conflict")
    return reading


def _compared(state: StreamState, envelope: Envelope) -> Reading:
    """Hold the envelope against what is known; where it goes on from there, its new facts are chained."""
    if envelope.first > state.through + 1:
        return Reading("gap")
    repeats = min(len(envelope.facts), state.through - envelope.first + 1)
    repeated_held: list[Held] = []
    for offset in range(repeats):
        seq = envelope.first + offset
        known = state.known.get(seq)
        digest = envelope.facts[offset].digest()
        if known is None or known.digest != digest:
            return Reading("conflict", conflict_at=seq)
        if known.held:
            repeated_held.append(Held(seq=seq, digest=digest, reason=known.held))
    if repeats == len(envelope.facts):
        return Reading("repeat", repeated_held=repeated_held)
    return Reading("stored", repeated_held=repeated_held, new=_chained(state, envelope, repeats))


def _chained(state: StreamState, envelope: Envelope, skip: int) -> list[NewFact]:
    head, seq = state.head, envelope.first + skip
    new: list[NewFact] = []
    for sealed in envelope.facts[skip:]:
        digest = sealed.digest()
        head = chain.next_head(head, seq=seq, digest=digest)
        new.append(NewFact(seq, sealed.salt, sealed.body, digest, head))
        seq += 1
    return new


def _is_signed(signed: SignedHead, *, station: str, record_key: bytes) -> bool:
    try:
        verify_head(record_key, station=station, signed=signed)
    except Refused:
        return False
    return True


def _judged(reading: Reading, head: SignedHead, *, is_signed: bool, unproven: Iterable[Mark]) -> Reading:
    """Read the new facts if their chain leads to the head that the station signed, and to those before it."""
    if not is_signed:
        _hold_all(reading.new, "bad_signature")
    elif reading.new[-1].head != head.head:
        _hold_all(reading.new, "chain_mismatch")
    elif passed := _passed_by(reading.new, unproven):
        return Reading("conflict", conflict_at=passed)
    else:
        reading.signed = head
        for new in reading.new:
            read_body(new)
    return reading


def _passed_by(new: list[NewFact], unproven: Iterable[Mark]) -> int:
    """Return the lowest seq at which new facts pass a head that was signed before without leading to it, or 0."""
    heads = {fact.seq: fact.head for fact in new}
    return min((mark.seq for mark in unproven if heads.get(mark.seq, mark.head) != mark.head), default=0)


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
