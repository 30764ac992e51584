"""Re-issue the facts of an old stream in a new one, each with the identity under which it was committed."""

from itertools import chain

from agent.storage.outbox.stream import Appender, StoredFact, read_facts
from agent.storage.store import Store
from protocol.facts import MAX_BODY_BYTES, FactsLost, Reissued, decode_fact, encode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import Moment


def reissue(
    store: Store,
    appender: Appender,
    *,
    stream: int,
    epoch: bytes,
    after: int,
    through: int,
    at: Moment,
    state_lost: bool = True,
) -> bool:
    """Append every intact fact ``after + 1`` … ``through`` of an old stream.

    Works in bounded memory, inside the caller's transaction. The caller flushes the appender.

    Args:
        state_lost: Whether to append a `FactsLost` for each range of seqs that cannot be issued again.

    Returns:
        Whether all of them were intact.
    """
    expected = after + 1
    whole = True
    intact = (fact for fact in read_facts(store, stream, first=after + 1, last=through) if fact.intact())
    # None stands for the end, so that a gap before it is found like any other.
    for fact in chain(intact, [None]):
        seq = fact.seq if fact else through + 1
        if seq > expected:
            whole = False
            if state_lost:
                appender.add_fact(FactsLost(at=at, epoch=epoch, first=expected, last=seq - 1))
        if fact:
            appender.add_fact(as_reissued(fact, at=at))
        expected = seq + 1
    return whole


def as_reissued(fact: StoredFact, *, at: Moment) -> Reissued:
    """Wrap an intact fact for a new stream. A fact that was re-issued before keeps its layers.

    Each layer names an identity that the fact had. When the result would have too many layers or be too large, the
    outermost of the old layers is left out: it names the youngest identity, and the fact itself stays the same.
    """
    again = Reissued(at=at, epoch=fact.epoch, seq=fact.seq, salt=fact.salt or b"", body=fact.body or b"")
    try:
        before = decode_fact(again.body)
    except Refused:
        return again
    if isinstance(before, Reissued) and not _fits(again):
        return Reissued(at=at, epoch=before.epoch, seq=before.seq, salt=before.salt, body=before.body)
    return again


def _fits(fact: Reissued) -> bool:
    try:
        unwrap(fact)
    except Refused:
        return False
    return len(encode_fact(fact)) <= MAX_BODY_BYTES
