"""Facts without signatures, grouped so that each group ends where the station's own word is known.

A dead board's outbox holds facts and their chain but no signature, and its key is gone. The heads that the station
signed while it was connected lie here: facts that lead to one of them are what was signed for. What follows the last
one, nobody vouches for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from protocol import chain
from protocol.envelope import Envelope, SealedFact
from protocol.export import UNSIGNED
from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import SignedHeadKept, UnprovenHead
from server_broker.ingest.record_keys import record_keys

FACTS_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Vouched:
    """A head that the station signed, and the key by which it did."""

    head: SignedHead
    key: bytes


type KnownHeads = dict[tuple[int, bytes], Vouched]
"""By ``(seq, head)``."""


def known_heads(station: Station, epoch: bytes) -> KnownHeads:
    """Return what the station signed of a stream and the county has kept."""
    streams = Stream.objects.filter(station=station, epoch=epoch)
    kept = SignedHeadKept.objects.filter(stream__in=streams).values_list("through", "head", "signature")
    ahead = UnprovenHead.objects.filter(stream__in=streams).values_list("seq", "head", "signature")
    keys = record_keys(station)
    known: KnownHeads = {}
    for through, value, signature in [*kept, *ahead]:
        head = SignedHead(epoch=epoch, through=through, head=bytes(value), signature=bytes(signature))
        for key in keys:
            if _is_by(key, station.pk, head):
                known[through, head.head] = Vouched(head, key)
    return known


def _is_by(key: bytes, station: str, head: SignedHead) -> bool:
    try:
        verify_head(key, station=station, signed=head)
    except Refused:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Link:
    """A fact in its place, and the chain's value after it."""

    seq: int
    fact: SealedFact
    value: bytes


class Grouping:
    """Takes a stream's envelopes in order and gives them back, cut where the chain meets a known head."""

    def __init__(self, known: KnownHeads, *, before: bytes) -> None:
        """``before`` is the chain's value ahead of the first envelope."""
        self._known = known
        self._value = before
        self._links: list[_Link] = []

    def add(self, envelope: Envelope) -> Iterator[tuple[Envelope, bytes]]:
        """Take the next envelope and yield what is complete: with a head that the station signed, and the key."""
        for seq, fact in enumerate(envelope.facts, envelope.first):
            self._value = chain.next_head(self._value, seq=seq, digest=fact.digest())
            self._links.append(_Link(seq, fact, self._value))
            if (vouched := self._known.get((seq, self._value))) is not None:
                yield _wrapped(envelope.station, self._links, vouched.head), vouched.key
                self._links = []

    def rest(self, station: str, epoch: bytes) -> Iterator[tuple[Envelope, bytes]]:
        """Yield what no known head vouches for, a few at a time, with a key that signed none of it."""
        for start in range(0, len(self._links), FACTS_A_TIME):
            links = self._links[start : start + FACTS_A_TIME]
            head = SignedHead(epoch=epoch, through=links[-1].seq, head=links[-1].value, signature=UNSIGNED)
            yield _wrapped(station, links, head), b""


def _wrapped(station: str, links: list[_Link], head: SignedHead) -> Envelope:
    return Envelope(station=station, first=links[0].seq, facts=[link.fact for link in links], head=head)
