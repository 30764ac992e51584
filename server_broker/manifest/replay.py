"""Replay the county's stream: compute its chain anew, check each signature, and collect what was decided.

It reads plain values, so that it replays what the database holds and what an exported file holds by the same code.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol import chain, decisions
from protocol.decisions import CountyFact, StreamOpened, decode_decision, verify_record_key
from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused
from server_broker.manifest.problems import Problem


@dataclass(frozen=True, slots=True)
class FactRecord:
    """One stored fact of the county."""

    seq: int
    salt: bytes
    body: bytes
    head: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One epoch of the county's stream. ``through`` and ``head`` are where the county says that it ends."""

    county: str
    epoch: bytes
    through: int
    head: bytes
    facts: Iterable[FactRecord]


@dataclass(slots=True)
class Decided:
    """What a replay has found to be decided, in the order of the stream."""

    key: bytes = b""
    """The record key that signs the next fact."""
    facts: list[tuple[bytes, int, CountyFact]] = field(default_factory=list)
    """Epoch, seq and content."""
    heads: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    """Every record key that the county had, the first one first."""
    ends: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    """Epoch, seq and head at which each epoch ends."""


def replay(streams: Iterable[StreamRecord], found: Decided) -> Problem | None:
    """Replay the epochs in the order in which they were opened.

    Args:
        found: Filled with all that stands before the first problem.

    Returns:
        The first thing that is wrong.
    """
    for stream in streams:
        if problem := _replay_one(stream, found):
            return problem
    return None


def _replay_one(stream: StreamRecord, found: Decided) -> Problem | None:
    head, seq = chain.first_head(station=stream.county, epoch=stream.epoch), 0
    for fact in stream.facts:
        seq += 1
        if fact.seq != seq:
            return _bad(seq, f"缺少这一条，后面是第 {fact.seq} 条" if fact.seq > seq else "编号重复或颠倒")
        head = chain.next_head(head, seq=seq, digest=chain.fact_digest(salt=fact.salt, body=fact.body))
        if head != fact.head:
            return _bad(seq, "内容被改过，或前面少了、换了一条：接不上链")
        if problem := _take(stream, fact, found):
            return problem
    if seq != stream.through:
        said = f"记录链应有 {stream.through} 条，只有 {seq} 条" if seq < stream.through else "多出了记录"
        return _bad(min(seq, stream.through) + 1, said)
    if head != stream.head:
        return _bad(seq, "记录链的末端被改过")
    found.ends.append((stream.epoch, seq, head))
    return None


def _take(stream: StreamRecord, fact: FactRecord, found: Decided) -> Problem | None:
    """Read and check one fact whose place in the chain is right."""
    try:
        said = decode_decision(fact.body)
    except Refused as refused:
        if refused.reason == "unknown_kind":
            return _bad(fact.seq, "是新版本的决定，这个版本的程序读不懂：请用新版本核对")
        return _bad(fact.seq, "内容读不出来")
    if (fact.seq == 1) != isinstance(said.what, StreamOpened):
        return _bad(fact.seq, "记录链的第一条应是开始，别处不应有")
    if isinstance(said.what, StreamOpened) and (problem := _opens(said.what, found)):
        return problem
    signed = SignedHead(epoch=stream.epoch, through=fact.seq, head=fact.head, signature=fact.signature)
    try:
        verify_head(found.key, station=stream.county, signed=signed)
        if isinstance(said.what, decisions.RecordKeyReplaced):
            verify_record_key(said.what, county=stream.county, epoch=stream.epoch)
    except Refused:
        return _bad(fact.seq, "签名不是县记录密钥签的")
    if isinstance(said.what, decisions.RecordKeyReplaced):
        if said.what.old != found.key:
            return _bad(fact.seq, "换下的不是正在用的记录密钥")
        found.key = said.what.new
        found.keys.append(found.key)
    found.facts.append((stream.epoch, fact.seq, said))
    found.heads[stream.epoch, fact.seq] = fact.head
    return None


def _opens(opened: StreamOpened, found: Decided) -> Problem | None:
    """Check that a new epoch follows from the one before."""
    if not found.ends:
        if opened.previous is not None:
            return _bad(1, "前面一段记录链不见了")
        found.key = opened.key
        found.keys.append(opened.key)
        return None
    previous = opened.previous
    if previous is None or (previous.epoch, previous.through, previous.head) != found.ends[-1]:
        return _bad(1, "接不上前一段记录链")
    if opened.key != found.key:
        return _bad(1, "记录密钥换了，却没有换密钥的记录")
    return None


def _bad(seq: int, said: str) -> Problem:
    return Problem("stream", str(seq), said)


def restorations(found: Decided) -> list[str]:
    """Return in Chinese what was lost when the county came back from a backup."""
    said = []
    for _, _, fact in found.facts:
        if isinstance(fact.what, StreamOpened) and fact.what.previous is not None:
            previous = fact.what.previous
            lost = previous.signed - previous.through
            said.append(f"县里曾从备份恢复：前一段记录链到第 {previous.through} 条为止，之后签过的 {lost} 条没有了")
    return said
