"""Whether what the county has of a stream leads to every head that was signed for it.

A card that is rolled back, or copied, goes on under seqs that were used before. Of each line that such cards make the
county has heads that the station signed, and facts: those of the stream itself, and those that came again in later
streams. Where a line of facts without a gap leads past a signed head but no line leads to it, facts are gone that were
shown green. Of lines with a gap nothing is said here: the gap is in the ledger.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection

from protocol.chain import first_head, next_head
from server_broker.fleet.models import Stream
from server_broker.ledger.consistency import StillInTime

_STEPS_PER_FACT, _STEPS_SPARE = 8, 10_000
"""Lines part only where cards were copied, and each is on one strand or few: so many steps find any that there is."""

_OWN = b"own"
"""The strand of the facts that came in their own stream."""

_ANY = b""
"""The strand of a line that had no choice yet."""

_REISSUES = """
SELECT seq, digest, carrier_epoch FROM ingest_reissue
WHERE station_id = %s AND epoch = %s AND seq <= %s ORDER BY seq, id
"""
_OWN_FACTS = "SELECT seq, digest FROM ingest_fact WHERE stream_id = %s AND seq > %s AND seq <= %s ORDER BY seq"
_WITH_HEADS = """
SELECT DISTINCT u.stream_id FROM ingest_unprovenhead u JOIN fleet_stream s ON s.id = u.stream_id WHERE s.station_id = %s
"""
_FORGET = "DELETE FROM ingest_unprovenhead WHERE stream_id = %s AND seq = %s AND head = %s"


class _Head(NamedTuple):
    seq: int
    head: bytes


class _Fact(NamedTuple):
    """A digest that stands at some seq. ``strand``: the stream that brought it."""

    digest: bytes
    strand: bytes


type _Facts = dict[int, list[_Fact]]
type _Way = tuple[int, int, bytes, bytes]
"""How often a line changed its strand, how far it leads (negative: the farthest first), its head, and the strand."""


class LedHead(NamedTuple):
    """A signed head of a stream that some line of facts leads to: it has nothing more to tell."""

    stream: int
    seq: int
    head: bytes


class Lineage(NamedTuple):
    """The signed heads of a stream, each by seq: those that no line of facts leads to, and those that one does."""

    missed: list[_Head]
    led: list[LedHead]


def streams_with_heads(station_id: str) -> set[int]:
    """Return which streams of a station have signed heads that are not proven: of the others there is no lineage."""
    return {pk for (pk,) in _rows(_WITH_HEADS, station_id)}


def unaccounted(stream: Stream, lineage: Lineage, *, but_for: int) -> int:
    """Return how many facts are gone under signed heads, beside ``but_for`` of them that a count of seqs shows.

    Of a head within what the county has, nobody knows how many: it counts as one.
    """
    missed = lineage.missed
    return max(0, max(1, missed[-1].seq - stream.through) - but_for) if missed else 0


def forget(heads: Iterable[LedHead]) -> None:
    """Delete heads that facts lead to."""
    with connection.cursor() as cursor:
        cursor.executemany(_FORGET, list(heads))


def lineage_of(stream: Stream, *, still_in_time: StillInTime) -> Lineage:
    """Return what becomes of the signed heads of a stream.

    Raises:
        TookTooLong: By ``still_in_time``, which is asked at each step of the search.
    """
    signed = [_Head(seq, bytes(head)) for seq, head in _rows(_SIGNED, stream.pk)]
    if not signed:
        return Lineage([], [])
    last = signed[-1].seq
    facts: _Facts = defaultdict(list)
    for seq, digest, carrier in _rows(_REISSUES, stream.station_id, bytes(stream.epoch), last):
        facts[seq].append(_Fact(bytes(digest), bytes(carrier)))
    start = _start(stream, min([signed[0].seq, *facts]) - 1)
    if start is None:
        return Lineage([], [])
    for seq, digest in _rows(_OWN_FACTS, stream.pk, start.seq, last):
        facts[seq].insert(0, _Fact(bytes(digest), _OWN))
    whole = [head for head in signed if _is_complete(facts, start.seq, head.seq)]
    led = [head for head in whole if _leads(facts, start, head, still_in_time)]
    return Lineage([head for head in whole if head not in led], [LedHead(stream.pk, *head) for head in led])


_SIGNED = "SELECT seq, head FROM ingest_unprovenhead WHERE stream_id = %s ORDER BY seq"


def _rows(statement: str, *parameters: str | int | bytes) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _start(stream: Stream, seq: int) -> _Head | None:
    """Return the chain at ``seq``, or where the stream ends before; None where a row is missing, which is counted."""
    if seq >= stream.through:
        return _Head(stream.through, bytes(stream.head))
    if seq == 0:
        return _Head(0, first_head(station=stream.station_id, epoch=bytes(stream.epoch)))
    found = _rows("SELECT head FROM ingest_fact WHERE stream_id = %s AND seq = %s", stream.pk, seq)
    return _Head(seq, bytes(found[0][0])) if found else None


def _is_complete(facts: _Facts, start: int, end: int) -> bool:
    return all(seq in facts for seq in range(start + 1, end + 1))


def _leads(facts: _Facts, start: _Head, end: _Head, still_in_time: StillInTime) -> bool:
    """Search for a line of facts from one head to the other, those with the fewest changes of strand first."""
    steps = _STEPS_PER_FACT * (end.seq - start.seq) + _STEPS_SPARE
    ways: list[_Way] = [(0, -start.seq, start.head, _ANY)]
    while ways and steps:
        still_in_time()
        changes, reached, head, strand = heapq.heappop(ways)
        seq = 1 - reached
        steps -= 1
        for fact in facts[seq]:
            on = strand if len(facts[seq]) == 1 else fact.strand
            changed = strand not in (_ANY, on)
            if changed and _has(facts, seq - 1, on):
                continue
            further = next_head(head, seq=seq, digest=fact.digest)
            if seq == end.seq and further == end.head:
                return True
            if seq < end.seq:
                heapq.heappush(ways, (changes + changed, -seq, further, on))
    return False


def _has(facts: _Facts, seq: int, strand: bytes) -> bool:
    """Tell whether a strand has a fact at a seq. A line that comes to it from another begins where it begins."""
    return any(fact.strand == strand for fact in facts.get(seq, ()))
