"""Find signed heads to which no facts lead: the sign that facts are gone which were shown green.

A stranger needs five words for this module.

* A *stream* is the row of facts that a station numbers from 1 on (their *seq*). Its name is its *epoch*.
* The *chain* gives each seq a value that depends on all facts up to it. Such a value is called a *head*.
* A *signed head* is a head with the station's signature. With it the station says: I have committed these facts.
* A *re-issue* is a fact that comes again in a later stream of the station, because the county did not have it.
* A *lineage* is the answer of this module for one stream: to which of its signed heads do facts lead?

Normally facts lead to every signed head, and a head is deleted as soon as they do. The exception is a copied card. Say
that a station has signed for seq 10 and the county has the facts up to 5. Then a copy of the card, taken at seq 6, is
put into the station and goes on. It uses the seqs 7 to 12 again, for other facts. By the numbers nothing is missing,
but the first card's facts 7 to 10 are gone. Only their signed head tells of them: no facts lead to it.

So the cards of a station make several *lines* of facts that begin alike and then part. The county has the facts of the
stream itself, and those that came again in later streams. This module tries to put them together to a line without a
gap that ends in the signed head. A stream that brings facts is called a *strand* here; a line usually keeps to one.

If there is no gap up to a head and yet no line leads to it, facts are gone. If there is a gap, this module says
nothing about the head, because the ledger counts the gap itself. See ADR 9.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from protocol.chain import first_head, next_head
from server_broker.fleet.models import Stream
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.reading import HeadAt
from server_broker.ingest.tables import FACTS, REISSUES, UNPROVEN_HEADS
from server_broker.ledger.consistency import StillInTime
from server_broker.platform.sql import query

_STEPS_PER_FACT, _STEPS_SPARE = 8, 10_000
"""The bound of a search. Lines part only where cards were copied, so a line that exists is found in fewer steps.

If the bound were too small, a line would be called missing that is there, and people would look for lost facts in
vain. The other way round is not possible: no line is invented.
"""

_OWN = b"own"
"""The strand of the facts that came in the stream itself. No epoch is so short."""

_ANY = b""
"""The strand of a line that had no choice yet: at each of its seqs there was one fact only."""


class _Fact(NamedTuple):
    """One of the facts at some seq, by its digest. ``strand``: the epoch of the stream that brought it, or `_OWN`."""

    digest: bytes
    strand: bytes


type _Facts = dict[int, list[_Fact]]
"""By seq. Two facts at a seq mean that two cards used it."""

type _Line = tuple[int, int, bytes, bytes]
"""A line in the making, in the order in which a heap compares it.

How often it changed its strand; how far it leads, as a negative seq; its head; its strand. So the line with the
fewest changes comes first, and of several the one that leads farthest.
"""


class LedHead(NamedTuple):
    """A signed head of a stream to which some line of facts leads. It says nothing more and can be deleted."""

    stream: int
    seq: int
    head: bytes


class Lineage(NamedTuple):
    """The signed heads of a stream, in the order of their seqs. Heads with a gap before them are in neither list."""

    missed: list[HeadAt]
    """Those to which no line of facts leads."""
    led: list[LedHead]
    """Those to which a line leads."""


def streams_with_heads(station_id: str) -> set[int]:
    """Return the streams of a station that have unproven heads. Most have none, and need no lineage."""
    found = query(
        f"""SELECT DISTINCT u.stream_id FROM {UNPROVEN_HEADS} u
        JOIN {STREAMS} s ON s.id = u.stream_id WHERE s.station_id = %s""",  # noqa: S608 - our own constants
        [station_id],
    )
    return {pk for (pk,) in found}


def unaccounted(stream: Stream, lineage: Lineage, *, but_for: int) -> int:
    """Return how many facts are gone under the signed heads of a stream.

    A head beyond what the county has tells how many facts are missing behind the county's last one. A head within
    what the county has does not: some facts under it were replaced by others, and nobody knows how many. It counts
    as one.

    Args:
        but_for: As many of the missing facts as the ledger has found already, by counting seqs.
    """
    missed = lineage.missed
    return max(0, max(1, missed[-1].seq - stream.through) - but_for) if missed else 0


def forget(heads: Iterable[LedHead]) -> None:
    """Delete heads to which facts lead."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"DELETE FROM {UNPROVEN_HEADS} WHERE stream_id = %s AND seq = %s AND head = %s",  # noqa: S608 - likewise
            list(heads),
        )


def lineage_of(stream: Stream, *, still_in_time: StillInTime) -> Lineage:
    """Return to which signed heads of a stream facts lead, and to which they do not.

    Raises:
        TookTooLong: By ``still_in_time``, which is called at each step of the search.
    """
    signed = [
        HeadAt(seq, bytes(head))
        for seq, head in query(
            f"SELECT seq, head FROM {UNPROVEN_HEADS} WHERE stream_id = %s ORDER BY seq",  # noqa: S608 - likewise
            [stream.pk],
        )
    ]
    if not signed:
        return Lineage([], [])
    last = signed[-1].seq
    facts: _Facts = defaultdict(list)
    # ORDER BY id: of several strands at a seq, the one that came first is tried first, in each search alike.
    for seq, digest, carrier in query(
        f"""SELECT seq, digest, carrier_epoch FROM {REISSUES}
        WHERE station_id = %s AND epoch = %s AND seq <= %s ORDER BY seq, id""",  # noqa: S608 - likewise
        [stream.station_id, bytes(stream.epoch), last],
    ):
        facts[seq].append(_Fact(bytes(digest), bytes(carrier)))
    # Before the first signed head and the first re-issue there is only the stream itself, whose chain values are
    # stored. So the search begins there, and need not replay the whole stream.
    start = _start(stream, min([signed[0].seq, *facts]) - 1)
    if start is None:
        return Lineage([], [])
    for seq, digest in query(
        f"SELECT seq, digest FROM {FACTS} WHERE stream_id = %s AND seq > %s AND seq <= %s ORDER BY seq",  # noqa: S608
        [stream.pk, start.seq, last],
    ):
        facts[seq].insert(0, _Fact(bytes(digest), _OWN))
    whole = [head for head in signed if all(seq in facts for seq in range(start.seq + 1, head.seq + 1))]
    led = [head for head in whole if _leads(facts, start, head, still_in_time)]
    return Lineage([head for head in whole if head not in led], [LedHead(stream.pk, *head) for head in led])


def _start(stream: Stream, seq: int) -> HeadAt | None:
    """Return the stream's own head at ``seq``, or its last one if it ends before.

    None: the row of that fact is missing. The ledger counts it.
    """
    if seq >= stream.through:
        return HeadAt(stream.through, bytes(stream.head))
    if seq == 0:
        return HeadAt(0, first_head(station=stream.station_id, epoch=bytes(stream.epoch)))
    found = query(
        f"SELECT head FROM {FACTS} WHERE stream_id = %s AND seq = %s",  # noqa: S608 - our own constant
        [stream.pk, seq],
    )
    return HeadAt(seq, bytes(found[0][0])) if found else None


def _leads(facts: _Facts, start: HeadAt, end: HeadAt, still_in_time: StillInTime) -> bool:
    """Search for a line of facts from ``start`` to ``end``: a best-first search over the lines in the making."""
    steps = _STEPS_PER_FACT * (end.seq - start.seq) + _STEPS_SPARE
    lines: list[_Line] = [(0, -start.seq, start.head, _ANY)]
    while lines and steps:
        still_in_time()
        changes, reached, head, strand = heapq.heappop(lines)
        seq = 1 - reached
        steps -= 1
        for fact in facts[seq]:
            # A fact without an alternative belongs to every line, so it changes no strand.
            on = strand if len(facts[seq]) == 1 else fact.strand
            changed = strand not in (_ANY, on)
            # A line changes to another strand only where that strand begins. If the strand has the fact before too, the
            # line that came along it from there is searched anyway.
            if changed and any(before.strand == on for before in facts.get(seq - 1, ())):
                continue
            further = next_head(head, seq=seq, digest=fact.digest)
            if seq == end.seq and further == end.head:
                return True
            if seq < end.seq:
                heapq.heappush(lines, (changes + changed, -seq, further, on))
    return False
