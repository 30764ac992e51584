"""What this proof needs of a county, and a county in one file, written from docs/protocol.md: the model.

The model verifies facts, keeps each under its first identity, and answers. It knows everything that a county can know:
it keeps every signed head that it ever heard.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import chain
from protocol.birth import MAX_HEADS, Birth, Compare, HeadAtSeq, Match, Welcome, seal_match, seal_welcome
from protocol.codec import decode
from protocol.envelope import Envelope, decode_envelope
from protocol.facts import Fact, FactsLost, Touch, decode_fact
from protocol.heads import SignedHead, verify_head
from protocol.receipts import Receipt, seal_receipt
from protocol.reissues import unwrap
from protocol.signing import key_id
from protocol.topics import Down, Up
from protocol.vitals import Vitals

type Identity = tuple[bytes, int, bytes]
"""Epoch, seq and digest. An SD card that was rolled back uses a seq again for another fact, and both must be kept."""
type Answer = tuple[Down, bytes]


class County(Protocol):
    """The other side, and what an observer sees of it afterwards."""

    @property
    def public_keys(self) -> dict[bytes, bytes]:
        """The county's signing key."""

    def hear(self, leaf: Up, payload: bytes) -> Sequence[Answer]:
        """Take a publish of the station and return the county's answers."""

    def back_up(self) -> None:
        """Make a dump, in place of an earlier one."""

    def restore(self) -> None:
        """Restore the dump, as a new generation."""

    def touches(self) -> list[tuple[int, bytes, int]]:
        """Return ``(touch number, epoch, seq)`` of every touch that is kept."""

    def states_lost(self, epoch: bytes, seq: int) -> bool:
        """Return whether the station has stated a fact as lost."""

    def misses(self, epoch: bytes, seq: int) -> bool:
        """Return whether the county knows that there was such a fact, and that it does not have it."""

    def contradictions(self) -> list[str]:
        """Return the faults that the county itself finds in its data."""

    def unexplained(self) -> int:
        """Return how many facts are unexplained or still waiting, by the county's ledger."""


@dataclass
class _Books:
    heads: dict[bytes, list[bytes]] = field(default_factory=dict)
    facts: dict[Identity, Fact] = field(default_factory=dict)
    said: dict[bytes, set[tuple[int, bytes]]] = field(default_factory=dict)
    """By epoch, every signed head that was heard, as (through, head)."""


class ModelCounty:
    """A county that knows one station."""

    def __init__(self, *, station: str, record_key: bytes) -> None:
        self._station = station
        self._record_key = record_key
        self._key = Ed25519PrivateKey.generate()
        self._books = _Books()
        self._dump = _Books()
        self._generation = 1

    @property
    def public_keys(self) -> dict[bytes, bytes]:
        raw = self._key.public_key().public_bytes_raw()
        return {key_id(raw): raw}

    def hear(self, leaf: Up, payload: bytes) -> Sequence[Answer]:
        match leaf:
            case "birth":
                return [("welcome", seal_welcome(self._key, self._born(decode(payload, Birth))))]
            case "facts":
                return [("receipt", seal_receipt(self._key, self._took(decode_envelope(payload))))]
            case "compare":
                return [("match", seal_match(self._key, self._compared(decode(payload, Compare))))]
            case "vitals":
                self._hear_head(decode(payload, Vitals).head)
        return []

    def _hear_head(self, head: SignedHead) -> None:
        verify_head(self._record_key, station=self._station, signed=head)
        self._books.said.setdefault(head.epoch, set()).add((head.through, head.head))

    def _heads(self, epoch: bytes) -> list[bytes]:
        return self._books.heads.setdefault(epoch, [chain.first_head(station=self._station, epoch=epoch)])

    def _born(self, birth: Birth) -> Welcome:
        self._hear_head(birth.head)
        heads = self._heads(birth.head.epoch)
        return Welcome(
            station=self._station,
            epoch=birth.head.epoch,
            through=len(heads) - 1,
            head=heads[-1],
            generation=self._generation,
            nonce=birth.nonce,
            wall=0,
            signed=self._signed_beyond(birth.head.epoch, len(heads) - 1),
        )

    def _signed_beyond(self, epoch: bytes, through: int) -> list[HeadAtSeq]:
        beyond = sorted((seq, head) for seq, head in self._books.said.get(epoch, ()) if seq > through)
        return [HeadAtSeq(seq=seq, head=head) for seq, head in beyond[-MAX_HEADS:]]

    def _compared(self, compare: Compare) -> Match:
        heads = self._heads(compare.epoch)
        agreeing = [mark.seq for mark in compare.marks if mark.seq < len(heads) and heads[mark.seq] == mark.head]
        return Match(station=self._station, epoch=compare.epoch, through=max(agreeing, default=0))

    def _took(self, envelope: Envelope) -> Receipt:
        """Store an envelope's new facts. The receipt states what is true then."""
        self._hear_head(envelope.head)
        epoch, heads = envelope.head.epoch, self._heads(envelope.head.epoch)
        if envelope.first <= len(heads):
            for seq, sealed in enumerate(envelope.facts, envelope.first):
                head = chain.next_head(heads[seq - 1], seq=seq, digest=sealed.digest())
                if seq < len(heads):
                    if heads[seq] != head:
                        raise AssertionError(f"seq {seq} came twice with different content and no comparison")
                    continue
                heads.append(head)
                self._keep((epoch, seq, sealed.digest()), decode_fact(sealed.body))
            if heads[envelope.head.through] != envelope.head.head:
                raise AssertionError("the signed head is not where the facts lead")
        return Receipt(
            station=self._station,
            epoch=epoch,
            through=len(heads) - 1,
            head=heads[-1],
            generation=self._generation,
        )

    def _keep(self, identity: Identity, fact: Fact) -> None:
        layers, first = unwrap(fact)
        self._books.facts[layers[-1] if layers else identity] = first

    def back_up(self) -> None:
        self._dump = copy.deepcopy(self._books)

    def restore(self) -> None:
        self._books = copy.deepcopy(self._dump)
        self._generation += 1

    def touches(self) -> list[tuple[int, bytes, int]]:
        return [
            (int.from_bytes(fact.card, "big"), epoch, seq)
            for (epoch, seq, _), fact in self._books.facts.items()
            if isinstance(fact, Touch)
        ]

    def states_lost(self, epoch: bytes, seq: int) -> bool:
        losses = [fact for fact in self._books.facts.values() if isinstance(fact, FactsLost)]
        return any(loss.epoch == epoch and loss.first <= seq <= loss.last for loss in losses)

    def misses(self, epoch: bytes, seq: int) -> bool:
        """A head that the station signed leads over this fact to none of the facts that the county has."""
        heads = self._heads(epoch)
        said = self._books.said.get(epoch, set())
        return any(n >= seq and (n >= len(heads) or heads[n] != head) for n, head in said)

    def contradictions(self) -> list[str]:
        return []

    def unexplained(self) -> int:
        return 0  # the model has no people
