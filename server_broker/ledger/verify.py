"""Prove that nobody has changed a station's stored facts: compute its chains anew and compare them with what it signed.

The chain gives each fact a value (*head*) that depends on all facts of the stream up to it. So one changed, missing or
added fact changes every head after it. The station has signed some of these heads with a key that the county does not
have. So nobody at the county can change facts and make the chain fit again.

Some heads were signed by boards that the station had before. Their keys come from the journal of stations.

``cunhui-server verify STATION`` ends with 0 if every chain holds, with 1 if one does not, and with 2 if there is no
such station. Held facts are named, but they are no failure, because the chain covers their content too.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from protocol.chain import fact_digest, first_head, next_head
from protocol.heads import SignedHead
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.record_keys import signed_by_station
from server_broker.ledger.consistency import consistent_read
from server_broker.retention.erasures import ErasuresOf

_UNSIGNED = "no signed head is kept"


@dataclass(slots=True)
class StreamVerdict:
    """What was found in one stream. If there is a problem, ``bad_seq`` says where; 0 means the chain as a whole."""

    epoch: str
    facts: int = 0
    erased: int = 0
    """Facts whose content was erased for privacy. Their digests are left, and the chain needs no more."""
    held: list[int] = field(default_factory=list)
    signed_through: int = 0
    bad_seq: int | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem

    @property
    def is_unsigned(self) -> bool:
        """Whether all that is wrong is that nobody has signed for these facts. Then they are to be held."""
        return self.problem == _UNSIGNED

    def sentence(self) -> str:
        """Return the verdict in Chinese."""
        said = f"流 {self.epoch[:8]}：{self.facts} 条，签名至 {self.signed_through}，待审 {len(self.held)}"
        if self.good:
            return f"{said}，完整"
        where = f"第 {self.bad_seq} 条" if self.bad_seq else "整条链"
        return f"{said}，{where}有误：{self.problem}"

    def fail(self, seq: int, problem: str) -> None:
        """Note what is wrong, unless something was noted before: one wrong fact makes everything after it wrong."""
        if self.good:
            self.bad_seq, self.problem = seq, problem


def verify_station(station: Station) -> list[StreamVerdict]:
    """Verify every stream of a station, in the order in which they were opened, as they stood at one moment."""
    with consistent_read():
        return [_verify_stream(station, stream) for stream in station.streams.order_by("opened_at", "id")]


def _verify_stream(station: Station, stream: Stream) -> StreamVerdict:
    verdict = StreamVerdict(epoch=bytes(stream.epoch).hex())
    heads = _replay(stream, station.pk, verdict)
    kept = SignedHeadKept.objects.filter(stream=stream).first()
    if kept is not None:
        verdict.signed_through = kept.through
        signed = SignedHead(
            epoch=bytes(stream.epoch), through=kept.through, head=bytes(kept.head), signature=bytes(kept.signature)
        )
        if not signed_by_station(station, signed):
            verdict.fail(0, "the signature of the kept head is not the station's")
        elif kept.through > stream.through:
            verdict.fail(stream.through + 1, f"the station signed for {kept.through} facts")
        # A chain with a wrong fact in it leads nowhere, and that fact is noted already.
        elif verdict.good and heads.get(kept.through) != signed.head:
            verdict.fail(0, f"the chain does not lead to the head signed at {kept.through}: facts were exchanged")
    elif verdict.facts:
        # Without a signed head anybody could have written these facts.
        verdict.fail(0, _UNSIGNED)
    if verdict.facts != stream.through:
        verdict.fail(verdict.facts + 1, f"the stream says {stream.through} facts, there are {verdict.facts}")
    elif heads.get(stream.through, bytes(stream.head)) != bytes(stream.head):
        verdict.fail(stream.through, "the stream's head is not the chain's")
    return verdict


def _replay(stream: Stream, station: str, verdict: StreamVerdict) -> dict[int, bytes]:
    """Compute the chain up to the first thing that is wrong. Return its heads at the signed seq and at the last one."""
    head = first_head(station=station, epoch=bytes(stream.epoch))
    kept = SignedHeadKept.objects.filter(stream=stream).values_list("through", flat=True).first()
    heads = {0: head}
    erasures = ErasuresOf(stream)
    for fact in Fact.objects.filter(stream=stream).order_by("seq").iterator(chunk_size=2000):
        expected = verdict.facts + 1
        if fact.seq != expected:
            verdict.fail(expected, f"fact {expected} is missing")
            break
        problem = ""
        # Content that was erased cannot be compared. Its digest is left, and the chain goes on over it. That a rule
        # erased it, and not somebody who wants it gone, the record of erasures and the audit log say.
        if fact.body is not None and fact.salt is not None:
            digest = fact_digest(salt=bytes(fact.salt), body=bytes(fact.body))
            if digest != bytes(fact.digest):
                problem = "its content does not have its digest"
        else:
            problem = erasures.problem_of(fact)
        head = next_head(head, seq=fact.seq, digest=bytes(fact.digest))
        if head != bytes(fact.head):
            problem = problem or "its chain value does not follow from the fact before and its digest"
        if problem:
            verdict.fail(fact.seq, problem)
            break
        verdict.facts += 1
        verdict.erased += fact.body is None
        if fact.held_reason:
            verdict.held.append(fact.seq)
        if fact.seq in (kept, stream.through):
            heads[fact.seq] = head
    return heads


def run(station_id: str, *, as_json: bool, say: Callable[[str], object]) -> int:
    """Verify a station, print the verdicts line by line, and return the exit status."""
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
            say(verdict.sentence())
        say("全部记录链完整" if good else "记录链有问题")
    return 0 if good else 1


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
