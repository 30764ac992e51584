"""Which facts of an outbox go into an export file, and as which envelopes."""

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from agent.storage.outbox.progress import load_progress
from agent.storage.outbox.schema import MAX_SEQ
from agent.storage.outbox.stream import StoredFact, read_facts
from agent.storage.store import Store
from protocol import chain
from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS, Envelope, SealedFact
from protocol.export import UNSIGNED
from protocol.heads import SignedHead, sign_head


class Signer(Struct, frozen=True):
    """A station, and its record key if there is one."""

    station: str
    key: Ed25519PrivateKey | None

    def head(self, fact: StoredFact) -> SignedHead:
        """Return the head at a fact, signed if there is a key."""
        if self.key is None:
            return SignedHead(epoch=fact.epoch, through=fact.seq, head=fact.head, signature=UNSIGNED)
        return sign_head(self.key, station=self.station, epoch=fact.epoch, through=fact.seq, head=fact.head)


class FactRun(Struct, frozen=True):
    """Consecutive intact facts of a stream, from ``after`` to ``end``; ``before`` is the chain's value at ``after``."""

    number: int
    after: int
    before: bytes
    end: SignedHead

    @property
    def facts(self) -> int:
        """How many there are."""
        return self.end.through - self.after

    def envelopes(self, store: Store, signer: Signer) -> Iterator[Envelope]:
        """Yield the facts in envelopes, as they would be sent."""
        facts = read_facts(store, self.number, first=self.after + 1, last=self.end.through)
        for group in _groups(facts):
            sealed = [SealedFact(salt=fact.salt or b"", body=fact.body or b"") for fact in group]
            yield Envelope(station=signer.station, first=group[0].seq, facts=sealed, head=signer.head(group[-1]))


def run_to_export(store: Store, number: int, signer: Signer, *, whole: bool) -> FactRun | None:
    """Return the facts of a stream after the county's last receipt, up to the first gap.

    Args:
        whole: Begin after the last fact that is erased already, rather than after the receipt.

    Returns:
        None if the file does not know the chain's value there, or if no fact follows.
    """
    progress = load_progress(store, number)
    after = progress.receipted if progress else 0
    if whole:
        gone = [fact.seq for fact in read_facts(store, number, first=1, last=after) if not fact.intact()]
        after = max(gone, default=0)
    before, end = _value_at(store, number, after, signer.station), _fact_at(store, number, after)
    for fact in read_facts(store, number, first=after + 1, last=MAX_SEQ):
        # Facts beyond a gap can't be proven by the chain, so the county could not take them.
        if fact.seq != (end.seq if end else after) + 1 or not fact.intact():
            break
        end = fact
    return FactRun(number, after, before, signer.head(end)) if before and end else None


def _fact_at(store: Store, number: int, seq: int) -> StoredFact | None:
    return next(read_facts(store, number, first=seq, last=seq), None)


def _value_at(store: Store, number: int, seq: int, station: str) -> bytes | None:
    if seq:
        fact = _fact_at(store, number, seq)
        return fact.head if fact else None
    # Before the first fact the chain's value follows from the station and the epoch alone.
    match store.rows("SELECT epoch FROM streams WHERE number = ?", (number,)):
        case [(bytes(epoch),)]:
            return chain.first_head(station=station, epoch=epoch)
        case _:
            return None


def _groups(facts: Iterable[StoredFact]) -> Iterator[list[StoredFact]]:
    group: list[StoredFact] = []
    size = 0
    for fact in facts:
        length = len(fact.body or b"")
        if group and (len(group) == SENT_FACTS or size + length > SENT_FACT_BYTES):
            yield group
            group, size = [], 0
        group.append(fact)
        size += length
    if group:
        yield group
