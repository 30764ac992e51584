"""Streams before the current one, for a county that came back from a backup older than the current stream.

When a stream ends, the next one re-issues only the facts that the county had not matched. A restored county may lack
the matched ones, too. The station asks with `Compare` about each earlier stream and re-issues what the county lacks.
"""

from msgspec import Struct

from agent.storage.outbox.stream import read_facts
from agent.storage.store import Store
from protocol import birth
from protocol.facts import EpochOpened, decode_fact


class EarlierStream(Struct, frozen=True):
    """A stream that ended. The county had it up to ``matched``; ``heads``, falling in seq, ask how much it has now."""

    number: int
    epoch: bytes
    matched: int
    heads: list[birth.HeadAtSeq]


def earlier_streams(store: Store, *, newest: int) -> list[EarlierStream]:
    """Return the streams before ``newest`` of which the county had matched something, the latest first.

    A stream is left out when its facts were erased, long after their receipts.
    """
    streams: list[EarlierStream] = []
    for number in range(newest - 1, 0, -1):
        # The first fact of the next stream tells how this one ended.
        first = next(read_facts(store, number + 1, first=1, last=1), None)
        if first is None or first.body is None or not first.intact():
            continue
        opened = decode_fact(first.body)
        if not isinstance(opened, EpochOpened) or opened.previous is None or opened.matched == 0:
            continue
        heads = spaced_heads(store, number, through=opened.matched)
        if heads:
            streams.append(EarlierStream(number, opened.previous, opened.matched, heads))
    return streams


def spaced_heads(store: Store, stream: int, *, through: int) -> list[birth.HeadAtSeq]:
    """Return the heads at ``through``, one before, three, seven, … and at 1: at most `birth.MAX_HEADS`."""
    heads = (fact for seq in spaced_seqs(through) for fact in read_facts(store, stream, first=seq, last=seq))
    return [birth.HeadAtSeq(seq=fact.seq, head=fact.head) for fact in heads]


def spaced_seqs(through: int) -> list[int]:
    """Return exponentially spaced seqs from ``through`` down to 1.

    They are dense near the end, because a restored county lacks the last facts. The longest stream has 42 of them,
    fewer than a comparison may carry.
    """
    seqs: list[int] = []
    seq, step = through, 1
    while seq > 1:
        seqs.append(seq)
        seq -= step
        step *= 2
    return [*seqs, 1] if through else []
