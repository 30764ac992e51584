"""Replay the chains of a station from the database, and judge them against the heads that it signed.

The keys of boards that a station had before come from the journal of stations.

``cunhui-server verify STATION`` ends with 0 when every chain holds, 1 when one does not, 2 when there is no such
station. Facts that are held are named, and are no failure: the chain goes over their content.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from protocol.chain import fact_digest, first_head, next_head
from protocol.heads import SignedHead
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.record_keys import signed_by_station
from server_broker.ledger.consistency import consistent_read


@dataclass(slots=True)
class StreamVerdict:
    """What a replay found in one stream. ``bad_seq`` 0 with a problem: the chain as a whole is not the signed one."""

    epoch: str
    facts: int = 0
    erased: int = 0
    held: list[int] = field(default_factory=list)
    signed_through: int = 0
    bad_seq: int | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem

    def fail(self, seq: int, problem: str) -> None:
        """Note the first thing that is wrong."""
        if self.good:
            self.bad_seq, self.problem = seq, problem


def verify_station(station: Station) -> list[StreamVerdict]:
    """Replay every stream of a station, in the order in which they were opened, as it all stood at one moment."""
    with consistent_read():
        return [_verify_stream(station, stream) for stream in station.streams.order_by("opened_at", "id")]


def _verify_stream(station: Station, stream: Stream) -> StreamVerdict:
    verdict = StreamVerdict(epoch=bytes(stream.epoch).hex())
    heads = _replay(stream, station.pk, verdict)
    kept = SignedHeadKept.objects.filter(stream=stream).first()
    if kept is not None:
        verdict.signed_through = kept.through
        _judge(station, stream, kept, heads, verdict)
    elif verdict.facts:
        verdict.fail(0, "no signed head is kept")
    if verdict.facts != stream.through:
        verdict.fail(verdict.facts + 1, f"the stream says {stream.through} facts, there are {verdict.facts}")
    elif heads.get(stream.through, bytes(stream.head)) != bytes(stream.head):
        verdict.fail(stream.through, "the stream's head is not the chain's")
    return verdict


def _replay(stream: Stream, station: str, verdict: StreamVerdict) -> dict[int, bytes]:
    """Replay until the first thing that is wrong; return the heads at the signed and the last seq."""
    head = first_head(station=station, epoch=bytes(stream.epoch))
    kept = SignedHeadKept.objects.filter(stream=stream).values_list("through", flat=True).first()
    heads = {0: head}
    for fact in _facts(stream):
        expected = verdict.facts + 1
        if fact.seq != expected:
            verdict.fail(expected, f"fact {expected} is missing")
            break
        problem = _content_problem(fact)
        head = next_head(head, seq=fact.seq, digest=bytes(fact.digest))
        if head != bytes(fact.head):
            problem = problem or "its chain value does not follow from the fact before and its digest"
        if problem:
            verdict.fail(fact.seq, problem)
            break
        _count(fact, verdict)
        if fact.seq in (kept, stream.through):
            heads[fact.seq] = head
    return heads


def _facts(stream: Stream) -> Iterator[Fact]:
    return Fact.objects.filter(stream=stream).order_by("seq").iterator(chunk_size=2000)


def _content_problem(fact: Fact) -> str:
    if fact.body is None or fact.salt is None:
        return ""
    if fact_digest(salt=bytes(fact.salt), body=bytes(fact.body)) != bytes(fact.digest):
        return "its content does not have its digest"
    return ""


def _count(fact: Fact, verdict: StreamVerdict) -> None:
    verdict.facts += 1
    verdict.erased += fact.body is None
    if fact.held_reason:
        verdict.held.append(fact.seq)


def _judge(
    station: Station, stream: Stream, kept: SignedHeadKept, heads: dict[int, bytes], verdict: StreamVerdict
) -> None:
    signed = SignedHead(
        epoch=bytes(stream.epoch), through=kept.through, head=bytes(kept.head), signature=bytes(kept.signature)
    )
    if not signed_by_station(station, signed):
        verdict.fail(0, "the signature of the kept head is not the station's")
        return
    if kept.through > stream.through:
        verdict.fail(stream.through + 1, f"the station signed for {kept.through} facts")
    elif verdict.good and heads.get(kept.through) != signed.head:
        verdict.fail(0, f"the chain does not lead to the head signed at {kept.through}: facts were exchanged")


def run(station_id: str, *, as_json: bool, say: Callable[[str], object]) -> int:
    """Verify a station, say the verdicts line by line, and return the exit status."""
    station = Station.objects.filter(pk=station_id).first()
    if station is None:
        say(_json({"station": station_id, "error": "no such station"}) if as_json else f"没有站点 {station_id}")
        return 2
    verdicts = verify_station(station)
    good = all(verdict.good for verdict in verdicts)
    if as_json:
        say(_json({"station": station_id, "good": good, "streams": [asdict(verdict) for verdict in verdicts]}))
    else:
        for verdict in verdicts:
            say(_line(verdict))
        say("全部记录链完整" if good else "记录链有问题")
    return 0 if good else 1


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _line(verdict: StreamVerdict) -> str:
    said = f"流 {verdict.epoch[:8]}：{verdict.facts} 条，签名至 {verdict.signed_through}，待审 {len(verdict.held)}"
    if verdict.good:
        return f"{said}，完整"
    where = f"第 {verdict.bad_seq} 条" if verdict.bad_seq else "整条链"
    return f"{said}，{where}有误：{verdict.problem}"
