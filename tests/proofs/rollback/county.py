"""A county in one file, written from docs/protocol.md: it verifies, keeps by first identity, and answers."""

import copy
from dataclasses import dataclass, field

from protocol import chain
from protocol.birth import Compare, Match, Welcome
from protocol.envelope import Envelope
from protocol.facts import Fact, FactsLost, Reissued, Touch, decode_fact
from protocol.heads import SignedHead, verify_head
from protocol.receipts import Receipt

type Identity = tuple[bytes, int, bytes]
"""Epoch, seq and digest: a rolled-back card uses a seq again for another fact, and both must be kept."""


@dataclass
class _Books:
    heads: dict[bytes, list[bytes]] = field(default_factory=dict)
    facts: dict[Identity, Fact] = field(default_factory=dict)
    said: dict[bytes, set[tuple[int, bytes]]] = field(default_factory=dict)
    """By epoch, every signed head that was heard, as (through, head)."""


class County:
    """Knows one station."""

    def __init__(self, *, station: str, record_key: bytes) -> None:
        self._station = station
        self._record_key = record_key
        self._books = _Books()
        self._generation = 1

    def hear_head(self, head: SignedHead) -> None:
        """Take a signed head, as births and vitals carry it: the ledger's word on how far a stream was issued."""
        verify_head(self._record_key, station=self._station, signed=head)
        self._books.said.setdefault(head.epoch, set()).add((head.through, head.head))

    def _heads(self, epoch: bytes) -> list[bytes]:
        return self._books.heads.setdefault(epoch, [chain.first_head(station=self._station, epoch=epoch)])

    def born(self, head: SignedHead) -> Welcome:
        """Answer a birth."""
        self.hear_head(head)
        heads = self._heads(head.epoch)
        return Welcome(
            station=self._station,
            epoch=head.epoch,
            through=len(heads) - 1,
            head=heads[-1],
            generation=self._generation,
            nonce=bytes(16),
            wall=0,
        )

    def compared(self, compare: Compare) -> Match:
        """Answer a comparison with the highest mark that agrees."""
        heads = self._heads(compare.epoch)
        agreeing = [mark.seq for mark in compare.marks if mark.seq < len(heads) and heads[mark.seq] == mark.head]
        return Match(station=self._station, epoch=compare.epoch, through=max(agreeing, default=0))

    def took(self, envelope: Envelope) -> Receipt:
        """Store an envelope's new facts and answer with the receipt that is true then."""
        self.hear_head(envelope.head)
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
        if isinstance(fact, Reissued):
            original = (fact.epoch, fact.seq, chain.fact_digest(salt=fact.salt, body=fact.body))
            self._books.facts[original] = decode_fact(fact.body)
        else:
            self._books.facts[identity] = fact

    def back_up(self) -> object:
        """Return a dump."""
        return copy.deepcopy(self._books)

    def restore(self, dump: object) -> None:
        """Come back from a dump, as a new generation."""
        if not isinstance(dump, _Books):
            raise TypeError("no dump")
        self._books = copy.deepcopy(dump)
        self._generation += 1

    def touches(self) -> list[tuple[int, bytes, int]]:
        """Return ``(touch number, epoch, seq)`` of every touch kept."""
        return [
            (int.from_bytes(fact.card, "big"), epoch, seq)
            for (epoch, seq, _), fact in self._books.facts.items()
            if isinstance(fact, Touch)
        ]

    def states_lost(self, epoch: bytes, seq: int) -> bool:
        """Return whether the station has stated a fact as lost."""
        losses = [fact for fact in self._books.facts.values() if isinstance(fact, FactsLost)]
        return any(loss.epoch == epoch and loss.first <= seq <= loss.last for loss in losses)

    def misses(self, epoch: bytes, seq: int) -> bool:
        """Return whether the ledger shows it: a head that the station signed leads over this fact to none of ours."""
        heads = self._heads(epoch)
        said = self._books.said.get(epoch, set())
        return any(n >= seq and (n >= len(heads) or heads[n] != head) for n, head in said)
