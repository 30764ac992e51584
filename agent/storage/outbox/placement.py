"""Prove at which place a salvaged fact was committed.

A digest proves what a fact says, not its place: in a torn page the rowid of one fact can stand before the content of
another. Only the chain proves the place, from the fact before or to the fact after.
"""

from collections.abc import Iterator
from itertools import chain as one_after_another
from itertools import pairwise

from agent.storage.outbox.schema import MAX_SEQ, place
from agent.storage.outbox.stream import StoredFact, read_facts
from agent.storage.store import Store
from protocol import chain


def take_out_misplaced(store: Store, stream: int, *, start: bytes, issued: int) -> list[StoredFact]:
    """Delete the facts whose place is not proven, inside the caller's transaction, and return them.

    A damaged head of a proven fact is corrected. A fact without any neighbour can't be proven. It is kept if its seq
    was issued, unless its digest stands at another place too: digests are salted, so the content belongs there.

    Args:
        start: ``head(0)`` of the stream.
    """
    doubtful = []
    last_seq, last_head = 0, start
    for fact, after in _with_next(read_facts(store, stream, first=1, last=MAX_SEQ)):
        before = last_head if fact.seq == last_seq + 1 else None
        head = _proven_head(before, fact, after)
        alone = before is None and after is None
        if head is None and alone and fact.seq <= issued and not _stands_elsewhere(store, fact):
            head = fact.head
        if head is None:
            # The caller looks for its place among the facts that stay.
            store.rows("DELETE FROM facts WHERE place = ?", (place(stream, fact.seq),))
            doubtful.append(fact)
            continue
        if head != fact.head:
            store.rows("UPDATE facts SET head = ? WHERE place = ?", (head, place(stream, fact.seq)))
        last_seq, last_head = fact.seq, head
    return doubtful


def _stands_elsewhere(store: Store, fact: StoredFact) -> bool:
    # This reads the whole table, because digests have no index: a touch would pay for it, and only salvage asks.
    where = (fact.digest, place(fact.stream, fact.seq))
    return bool(store.rows("SELECT 1 FROM facts WHERE digest = ? AND place <> ? LIMIT 1", where))


def follows(store: Store, fact: StoredFact, *, start: bytes) -> bool:
    """Return whether the chain leads from the stored fact before to this one."""
    if fact.seq == 1:
        return _leads(start, fact, fact.head)
    before = read_facts(store, fact.stream, first=fact.seq - 1, last=fact.seq - 1)
    return any(_leads(one.head, fact, fact.head) for one in before)


def _proven_head(before: bytes | None, fact: StoredFact, after: StoredFact | None) -> bytes | None:
    """Return the chain's true value at a fact as its neighbours prove it, or None.

    Args:
        before: The proven head at the seq before; None when there is a gap.
        after: The fact at the next seq, if there is one.
    """
    if before is not None:
        # Two of the three must agree: the head before, the fact's own head, and the head after. The one that does not
        # is the damaged one.
        computed = chain.next_head(before, seq=fact.seq, digest=fact.digest)
        if computed == fact.head or (after and _leads(computed, after, after.head)):
            return computed
    return fact.head if after and _leads(fact.head, after, after.head) else None


def _leads(head: bytes, fact: StoredFact, to: bytes) -> bool:
    return chain.next_head(head, seq=fact.seq, digest=fact.digest) == to


def _with_next(facts: Iterator[StoredFact]) -> Iterator[tuple[StoredFact, StoredFact | None]]:
    """Yield each fact with the one at the next seq, or with None when there is a gap."""
    for fact, after in pairwise(one_after_another(facts, [None])):
        if fact:
            yield fact, after if after and after.seq == fact.seq + 1 else None
