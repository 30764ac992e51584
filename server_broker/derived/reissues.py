"""Where the rows of a station's re-issued facts must stand, and whether what the county keeps of re-issues is so.

The county decided that when they came (`server_broker.ingest.reissues`), in the order in which they came. That order
is not stored. So what it keeps of them is checked against the facts that carried them, and the rows against that.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from protocol.facts import DirectionChosen, Fact, decode_fact
from protocol.refusal import Refused
from protocol.reissues import Layer, unwrap
from server_broker.derived.findings import CHANGED, GONE, INVENTED, Finding, Place
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.reissues import MOST_AT_A_PLACE
from server_broker.ingest.tables import FACTS, REISSUES
from server_broker.platform.sql import query

WORD = "补报"
CARRIERS_A_TIME = 500
ROWS_A_TIME = 20_000
_ROWS = f"""
SELECT epoch, seq, digest, identity_epoch, identity_seq, carrier_epoch, carrier_seq FROM {REISSUES}
WHERE station_id = %s AND (epoch, seq, digest) > (%s, %s, %s) ORDER BY epoch, seq, digest LIMIT %s
"""  # noqa: S608 - our own constant
_STREAMS = f"SELECT id, epoch FROM {STREAMS} WHERE station_id = %s ORDER BY opened_at, id"  # noqa: S608
_CARRIERS = f"""
SELECT seq, body, received_at FROM {FACTS}
WHERE stream_id = %s AND seq > %s AND kind = 'reissued' AND held_reason = '' ORDER BY seq LIMIT %s
"""  # noqa: S608 - our own constant


class _Kept(NamedTuple):
    identity: Place
    carrier: Place


class Carrier(NamedTuple):
    """A fact that carried a re-issued one: its stream's row and its seq."""

    stream: int
    seq: int


class _Carrying(NamedTuple):
    """A fact that carries a re-issued one, as the database has it."""

    stream: int
    at: Place
    body: bytes | None
    received_at: datetime


class Reissues:
    """What one station re-issued. Most stations have nothing of it, and then each fact stands where it came."""

    def __init__(self, station: str) -> None:
        """Load and judge what the county keeps of the station's re-issues."""
        self._station = station
        self.finding: Finding | None = None
        """The first thing that is wrong with it."""
        self.placed: defaultdict[bytes, dict[int, Carrier]] = defaultdict(dict)
        """The identities under which rows of re-issued facts stand, by epoch and seq, and what carried them."""
        self.directions: list[tuple[datetime, Carrier, DirectionChosen]] = []
        """The directions that people chose, of those that came so."""
        self.erased: defaultdict[bytes, set[int]] = defaultdict(set)
        """Identities of re-issued facts whose content was erased."""
        self._kept: dict[tuple[Place, bytes], _Kept] = {}
        # A stolen station may have a million rows. With a set for each place a row would take five times the memory.
        self._facts_at: Counter[Place] = Counter()
        """How many different facts were re-issued as a place's."""
        self._moved: dict[Place, tuple[Place, ...]] = {}
        """By a place, what carried facts of it that do not stand there. Without any, its name never changed."""
        self._named: dict[Place, tuple[Place, ...]] = {}
        """The places that such a carrier names, and the identity under which its fact stands."""
        self._stands: dict[Place, Place] = {}
        """A carrier whose fact stands under an identity."""
        self._stand_together: set[Place] = set()
        """The identities under which facts of several carriers stand."""
        self._load()
        if self._kept or self._has_any():
            self._judge_all()

    def is_carried(self, place: Place, digest: bytes) -> bool:
        """Tell whether the rows of a fact that came in its own stream stand where a re-issue of it put them."""
        return (place, digest) in self._kept

    def is_crowded_out(self, place: Place, body: bytes) -> bool:
        """Tell whether the county had to hold a re-issue, as one of too many different facts of a place."""
        try:
            layers, _ = unwrap(decode_fact(body))
        except Refused:
            return False
        if any(self._carrier_of(_key(layer)) == place for layer in layers):
            return False  # it was read once
        more = Counter(key[0] for key in map(_key, layers) if key not in self._kept)
        return any(self._facts_at[at] + count > MOST_AT_A_PLACE for at, count in more.items())

    def names_of(self, place: Place) -> set[Place]:
        """Return every identity by which rows may name the fact that another fact calls by this one."""
        return {place}.union(*((carrier, *self._named[carrier]) for carrier in self._moved.get(place, ())))

    def _load(self) -> None:
        same: dict[Place, Place] = {}
        groups: defaultdict[Place, set[Place]] = defaultdict(set)
        for named, digest, identity, carrier in self._rows():
            # One object for all rows that name a place: most rows of a carrier name the same two beside their own.
            identity, carrier = same.setdefault(identity, identity), same.setdefault(carrier, carrier)
            self._kept[named, digest] = _Kept(identity, carrier)
            self._facts_at[named] += 1
            if self._stands.setdefault(identity, carrier) != carrier:
                self._stand_together.add(identity)
            if identity != named:
                groups[carrier] |= {named, identity}
        for carrier, places in groups.items():
            self._named[carrier] = tuple(places)
            for place in {carrier, *places}:
                self._moved[place] = (*self._moved.get(place, ()), carrier)

    def _rows(self) -> Iterator[tuple[Place, bytes, Place, Place]]:
        """Yield what the county keeps: the place and digest of each layer, its identity and its carrier."""
        after: tuple[bytes, int, bytes] = (b"", -1, b"")
        while rows := query(_ROWS, [self._station, *after, ROWS_A_TIME]):
            for epoch, seq, digest, identity_epoch, identity_seq, carrier_epoch, carrier_seq in rows:
                after = bytes(epoch), seq, bytes(digest)
                identity, carrier = Place(bytes(identity_epoch), identity_seq), Place(bytes(carrier_epoch), carrier_seq)
                yield Place(*after[:2]), after[2], identity, carrier

    def _has_any(self) -> bool:
        [(found,)] = query(
            f"""SELECT EXISTS (SELECT 1 FROM {FACTS} f JOIN {STREAMS} s ON s.id = f.stream_id
            WHERE s.station_id = %s AND f.kind = 'reissued' AND f.held_reason = '')""",  # noqa: S608
            [self._station],
        )
        return bool(found)

    def _judge_all(self) -> None:
        seen: set[tuple[Place, bytes]] = set()
        erased: set[Place] = set()
        for some in batched(self._carriers(), CARRIERS_A_TIME, strict=False):
            opened: list[tuple[_Carrying, list[Layer], Fact]] = []
            for one in some:
                if one.body is None:
                    erased.add(one.at)
                    continue
                try:
                    opened.append((one, *unwrap(decode_fact(one.body))))
                except Refused:
                    continue  # the walk over the stream names it
            stored = self._stored({Place(layer.epoch, layer.seq) for _, layers, _ in opened for layer in layers})
            for one, layers, fact in opened:
                said = self._judge(one.at, layers, stored)
                if said is not None:
                    self.finding = self.finding or said
                    continue
                seen.update(key for key in map(_key, layers) if self._carrier_of(key) == one.at)
                if layers and all(self._carrier_of(_key(layer)) == one.at for layer in layers):
                    identity = self._kept[_key(layers[-1])].identity
                    self._place(identity, Carrier(one.stream, one.at.seq), fact, one.received_at)
        for (place, digest), kept in self._kept.items():
            if kept.carrier in erased:
                self.erased[kept.identity.epoch].add(kept.identity.seq)
            elif (place, digest) not in seen:
                self.finding = self.finding or self._found(place, INVENTED)

    def _place(self, identity: Place, carrier: Carrier, fact: Fact, received_at: datetime) -> None:
        self.placed[identity.epoch][identity.seq] = carrier
        if isinstance(fact, DirectionChosen):
            self.directions.append((received_at, carrier, fact))

    def _carrier_of(self, key: tuple[Place, bytes]) -> Place | None:
        kept = self._kept.get(key)
        return None if kept is None else kept.carrier

    def _carriers(self) -> Iterator[_Carrying]:
        for stream, epoch in query(_STREAMS, [self._station]):
            after = 0
            while rows := query(_CARRIERS, [stream, after, CARRIERS_A_TIME]):
                for seq, body, received_at in rows:
                    at = Place(bytes(epoch), seq)
                    yield _Carrying(stream, at, None if body is None else bytes(body), received_at)
                    after = seq

    def _judge(self, carrier: Place, layers: list[Layer], stored: Mapping[Place, tuple[bytes, str]]) -> Finding | None:
        own = [(layer, self._kept.get(_key(layer))) for layer in layers]
        lacking = [layer for layer, kept in own if kept is None]
        for layer in lacking:
            # Without a row of its own it must have been read in its own stream.
            if stored.get(Place(layer.epoch, layer.seq)) != (layer.digest, ""):
                return self._found(Place(layer.epoch, layer.seq), GONE)
        mine = {kept.identity for _, kept in own if kept is not None and kept.carrier == carrier}
        if len([1 for _, kept in own if kept is not None and kept.carrier == carrier]) < len(layers):
            # It said nothing new, so nothing stands under another identity than the carrier's own.
            return None if mine <= {carrier} else self._found(carrier, CHANGED.format("identity_seq"))
        if len(mine) != 1:
            return self._found(carrier, CHANGED.format("identity_seq"))
        [identity] = mine
        # The first identity that was free, from the innermost outwards; what was not free has another fact now.
        for layer in reversed(layers):
            at = Place(layer.epoch, layer.seq)
            if at == identity:
                return None
            is_free = stored.get(at, (layer.digest, ""))[0] == layer.digest
            if is_free and not self._is_taken(at, besides=carrier):
                return self._found(at, CHANGED.format("identity_seq"))
        return None if identity == carrier else self._found(carrier, CHANGED.format("identity_seq"))

    def _is_taken(self, at: Place, *, besides: Place) -> bool:
        """Tell whether the rows of another re-issue stand under this identity."""
        return at in self._stand_together or self._stands.get(at, besides) != besides

    def _stored(self, places: Collection[Place]) -> dict[Place, tuple[bytes, str]]:
        rows = query(
            f"""SELECT s.epoch, f.seq, f.digest, f.held_reason FROM unnest(%s::bytea[], %s::bigint[]) AS w (epoch, seq)
            JOIN {STREAMS} s ON s.station_id = %s AND s.epoch = w.epoch
            JOIN {FACTS} f ON f.stream_id = s.id AND f.seq = w.seq""",  # noqa: S608 - our own constants
            [[place.epoch for place in places], [place.seq for place in places], self._station],
        )
        return {Place(bytes(epoch), seq): (bytes(digest), held) for epoch, seq, digest, held in rows}

    def _found(self, place: Place, said: str) -> Finding:
        return Finding(WORD, REISSUES.name, self._station, place, said)


def _key(layer: Layer) -> tuple[Place, bytes]:
    return Place(layer.epoch, layer.seq), layer.digest
