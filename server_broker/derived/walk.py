"""Go through what one station has stated, derive its rows again, and name the first that the database has otherwise."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

import msgspec

from protocol.chain import fact_digest
from protocol.facts import Fact, Reissued, decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import FactRef
from server_broker.derived.beside import Beside, first_claim
from server_broker.derived.comparing import Chunk, first_finding, load_chunks
from server_broker.derived.dating import Clocks
from server_broker.derived.directions import Directions
from server_broker.derived.findings import HELD_THOUGH_READABLE, INVENTED, Finding, Place
from server_broker.derived.held import LeftOvers, is_due
from server_broker.derived.projections import PROJECTIONS, Projection
from server_broker.derived.reissues import Carrier, Reissues
from server_broker.fleet.fact_rows import Identity, Rows, Unstorable
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.models import WriteOff
from server_broker.ingest.projections import derive
from server_broker.ingest.reissues import CROWDED, refs_of
from server_broker.ingest.tables import FACTS, SIGNED_HEADS
from server_broker.pins.accepting import NewPin
from server_broker.pins.facts import STEP
from server_broker.platform.sql import query

FACTS_A_TIME = 2_000
_FIRST, _LAST = -(2**63), 2**63 - 1
_WORD = "记录"


class _Stored(NamedTuple):
    """A fact as the database has it."""

    seq: int
    digest: bytes
    salt: bytes | None
    body: bytes | None
    kind: str
    received_at: datetime
    held_reason: str


@dataclass(slots=True)
class Counts:
    """What was gone through."""

    rows: int = 0
    held: int = 0
    """Facts that nobody has read yet, so that there are no rows of them."""
    readable: int = 0
    """Those of them that would be read well now, and for which the station has signed."""
    untried: list[Place] = field(default_factory=list)
    """Those of them that the database refused, and may refuse again (`server_broker.derived.held.would_be_read`)."""
    of_table: dict[Projection, int] = field(default_factory=lambda: dict.fromkeys(PROJECTIONS, 0))


class StationWalk:
    """Checks the rows of one station."""

    def __init__(self, station: str, *, now: datetime) -> None:
        self._station = station
        self._now = now
        self._reissues = Reissues(station)
        self._directions = Directions(station, self._reissues)
        self._clocks = Clocks(station)
        self._beside = Beside(station, self._reissues)
        self._left_overs = LeftOvers(station, now=now)
        self._written_off: set[int] = set()
        """The held facts that people have written off, of the range that is gone through."""
        self._signed_through: int | None = None
        """How far the station has signed for the stream that is gone through. None: not at all."""
        self.counts = Counts()

    def first_finding(self) -> Finding | None:
        """Return the first row that is not as it should be, stream by stream."""
        if self._reissues.finding is not None:
            return self._reissues.finding
        epochs = set()
        for stream, epoch, through, signed_through in query(_STREAMS, [self._station]):
            epochs.add(bytes(epoch))
            self._signed_through = signed_through
            if found := self._stream(stream, bytes(epoch), through):
                return found
        # Of a stream that the county never saw, rows may stand here that came by re-issue.
        unseen = {*self._reissues.placed, *self._reissues.erased} - epochs
        for some in self._together(sorted(unseen)):
            if found := self._ranges(dict.fromkeys(some, ()), _FIRST, _LAST):
                return found
        epochs |= unseen
        return self._of_no_stream(epochs) or self._beside.first_finding()

    def _stream(self, stream: int, epoch: bytes, through: int) -> Finding | None:
        first = _FIRST
        for start in range(1, through + 1, FACTS_A_TIME):
            last = start + FACTS_A_TIME - 1
            facts = [_fact(row) for row in query(_FACTS, [stream, start, last])]
            if any(fact.held_reason for fact in facts):
                written_off = WriteOff.objects.filter(fact__stream=stream, fact__seq__gte=start, fact__seq__lte=last)
                self._written_off = set(written_off.values_list("fact__seq", flat=True))
            if found := self._ranges({epoch: facts}, first, last):
                return found
            first = last + 1
        return self._ranges({epoch: []}, first, _LAST)

    def _together(self, epochs: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield epochs of no stream, as many at a time as have few rows."""
        some: list[bytes] = []
        rows = 0
        for epoch in epochs:
            some.append(epoch)
            rows += 1 + len(self._reissues.placed.get(epoch, ()))
            if rows >= FACTS_A_TIME:
                yield some
                some, rows = [], 0
        if some:
            yield some

    def _ranges(self, facts: Mapping[bytes, Sequence[_Stored]], first: int, last: int) -> Finding | None:
        """Check all rows that stand under these seqs of some epochs; the facts are those of the epochs' own streams."""
        chunks = load_chunks(self._station, facts, first, last, now=self._now)
        carried = self._carried(facts, first, last)
        for chunk in chunks:
            if found := self._derive(chunk, facts[chunk.epoch], carried[chunk.epoch]):
                return found
        # Of all epochs at once, because each may be of another boot.
        self._clocks.load({moment.boot for chunk in chunks for moment in chunk.said.values()})
        for chunk in chunks:
            if found := first_finding(chunk, self._clocks, self._directions) or first_claim(chunk):
                return found
        return None

    def _derive(self, chunk: Chunk, facts: Sequence[_Stored], carried: Mapping[int, _Stored]) -> Finding | None:
        """Have a chunk know what its facts say, unless one of them is not as it should be."""
        rows = Rows(self._now)
        for fact in facts:
            if found := self._own(chunk, rows, fact):
                return found
        for seq, stored in sorted(carried.items()):
            if found := self._add(chunk, rows, seq, stored):
                return found
        erased = self._reissues.erased.get(chunk.epoch, ())
        chunk.erased |= {seq: "" for seq in erased if chunk.first <= seq <= chunk.last}
        for projection in PROJECTIONS:
            chunk.take(projection, rows.of(projection.kind))
            self.counts.of_table[projection] += len(chunk.stored[projection])
            self.counts.rows += len(chunk.stored[projection])
        chunk.pins = [step for step in rows.of(STEP) if isinstance(step, NewPin)]
        self._beside.take(rows)
        return None

    def _own(self, chunk: Chunk, rows: Rows, fact: _Stored) -> Finding | None:
        """Derive the rows of a fact that came in its own stream, unless they stand elsewhere or nobody has read it."""
        place = Place(chunk.epoch, fact.seq)
        if fact.held_reason:
            self.counts.held += 1
            return self._held(place, fact)
        if self._reissues.is_carried(place, fact.digest):
            return None
        if self._signed_through is None:
            return self._bad(place, "站点没有签过名，却不是待审")
        if fact.body is None:
            if fact.kind != "reissued":
                chunk.erased[fact.seq] = fact.kind
                chunk.received[fact.seq] = fact.received_at
            return None
        return self._add(chunk, rows, fact.seq, fact)

    def _held(self, place: Place, fact: _Stored) -> Finding | None:
        """Judge a fact that nobody has read: whoever calls it held makes its rows disappear."""
        if fact.seq > (self._signed_through or 0) or not _reads_well(fact, Identity(self._station, *place)):
            return None
        if fact.held_reason == CROWDED and self._reissues.is_crowded_out(place, fact.body or b""):
            return None
        if fact.seq in self._written_off:  # whether somebody really decided so is asked elsewhere
            return None
        self.counts.readable += 1
        if self._left_overs.has(place, fact.held_reason, fact.received_at):
            if is_due(fact.held_reason, fact.received_at, now=self._now):
                self.counts.untried.append(place)
            return None
        return self._bad(place, HELD_THOUGH_READABLE)

    def _add(self, chunk: Chunk, rows: Rows, seq: int, stored: _Stored) -> Finding | None:
        assert stored.body is not None
        place = Place(chunk.epoch, seq)
        if stored.salt is None or fact_digest(salt=stored.salt, body=stored.body) != stored.digest:
            return self._bad(place, "内容被改过")
        try:
            outer = decode_fact(stored.body)
            fact = unwrap(outer)[1]
        except Refused:
            return self._bad(place, "内容读不出来，却不是待审")
        if outer.__struct_config__.tag != stored.kind:
            return self._bad(place, "kind 和内容不符")
        if isinstance(outer, Reissued) and seq not in self._reissues.placed.get(chunk.epoch, ()):
            return None  # its rows stand where it was first committed
        identity = Identity(self._station, chunk.epoch, seq)
        chunk.received[seq], chunk.said[seq] = stored.received_at, fact.at
        rows.received_at = stored.received_at
        try:
            first, *others = self._versions(fact, lambda: chunk.named(seq))
            derive(first, identity, rows)
            for other in others:
                again = Rows(stored.received_at)
                derive(other, identity, again)
                for projection in PROJECTIONS:
                    chunk.take(projection, again.of(projection.kind))
        except Unstorable:
            return self._bad(place, "没有一行能存下它，却不是待审")
        return None

    def _versions(self, fact: Fact, named: Callable[[], set[Place]]) -> Iterator[Fact]:
        """Yield a fact as it may have been read: it may name another fact by each identity that this one has had.

        Args:
            named: Returns what the rows that stand there name. Other names need not be tried, and a station may have
                given one fact very many.
        """
        yield fact
        refs = {name: Place(ref.epoch, ref.seq) for name, ref in refs_of(fact).items()}
        names = {name: self._reissues.names_of(place) for name, place in refs.items()}
        if all(len(of_ref) == 1 for of_ref in names.values()):
            return
        here = named()
        for places in product(*({refs[name]} | (of_ref & here) for name, of_ref in names.items())):
            other = {name: FactRef(epoch=place.epoch, seq=place.seq) for name, place in zip(refs, places, strict=True)}
            yield msgspec.structs.replace(fact, **other)

    def _carried(self, epochs: Collection[bytes], first: int, last: int) -> defaultdict[bytes, dict[int, _Stored]]:
        """Return the facts whose rows stand under these seqs because re-issues put them there, by epoch and seq."""
        wanted = [
            (Place(epoch, seq), carrier)
            for epoch in epochs
            for seq, carrier in self._reissues.placed.get(epoch, {}).items()
            if first <= seq <= last
        ]
        of_stream: defaultdict[int, list[int]] = defaultdict(list)
        for _, carrier in wanted:
            of_stream[carrier.stream].append(carrier.seq)
        found = {
            Carrier(stream, fact.seq): fact
            for stream, seqs in of_stream.items()
            for fact in map(_fact, query(_SINGLE_FACTS, [stream, seqs]))
        }
        carried: defaultdict[bytes, dict[int, _Stored]] = defaultdict(dict)
        for place, carrier in wanted:
            carried[place.epoch][place.seq] = found[carrier]
        return carried

    def _of_no_stream(self, epochs: set[bytes]) -> Finding | None:
        for projection in PROJECTIONS:
            table = projection.table
            [(count,)] = query(f"SELECT count(*) FROM {table} WHERE station_id = %s", [self._station])  # noqa: S608
            if count == self.counts.of_table[projection]:
                continue
            rows = query(
                f"""SELECT epoch, seq FROM {table} WHERE station_id = %s AND NOT (epoch = ANY(%s))
                ORDER BY epoch, seq LIMIT 1""",  # noqa: S608 - our own constant
                [self._station, list(epochs)],
            )
            for epoch, seq in rows:
                return Finding(projection.word, table.name, self._station, Place(bytes(epoch), seq), INVENTED)
        return None

    def _bad(self, place: Place, said: str) -> Finding:
        return Finding(_WORD, FACTS.name, self._station, place, said)


_STREAMS = f"""
SELECT s.id, s.epoch, s.through, (SELECT max(h.through) FROM {SIGNED_HEADS} h WHERE h.stream_id = s.id)
FROM {STREAMS} s WHERE s.station_id = %s ORDER BY s.opened_at, s.id
"""  # noqa: S608 - our own constants
_COLUMNS = "seq, digest, salt, body, kind, received_at, held_reason"
_FACTS = f"SELECT {_COLUMNS} FROM {FACTS} WHERE stream_id = %s AND seq BETWEEN %s AND %s ORDER BY seq"  # noqa: S608
_SINGLE_FACTS = f"SELECT {_COLUMNS} FROM {FACTS} WHERE stream_id = %s AND seq = ANY(%s)"  # noqa: S608


def _fact(row: tuple[Any, ...]) -> _Stored:
    seq, digest, salt, body, kind, received_at, held = row
    return _Stored(
        seq, bytes(digest), None if salt is None else bytes(salt), None if body is None else bytes(body),
        kind, received_at, held,
    )  # fmt: skip


def _reads_well(stored: _Stored, identity: Identity) -> bool:
    if stored.body is None or stored.salt is None:
        return False
    try:
        derive(unwrap(decode_fact(stored.body))[1], identity, Rows(stored.received_at))
    except (Refused, Unstorable):
        return False
    return True


def walk(station: str, *, now: datetime | None = None) -> tuple[Finding | None, Counts]:
    """Check the rows of one station, and return the first finding and what was gone through."""
    going = StationWalk(station, now=now or datetime.now(UTC))
    return going.first_finding(), going.counts
