"""Decide for facts that come again in a later stream: do they say something new, and under what identity? Pure.

A *re-issue* is an old fact, packed into a new fact of a later stream. The station sends it because the county did not
have the old one. The new fact is its *carrier*. If a re-issue must be re-issued once more, it is packed once more, so
it comes in several *layers*; each layer names an *identity* (station, epoch, seq) where the fact stood before, and its
digest there. The innermost layer names the first one.

A fact keeps the identity under which it was first committed (ADR 2), and counts once. So if the county has read it
under any of its identities before, nothing is derived from it. There is one difficulty: a cloned card may have put
another fact under the same identity. Then the rows of the re-issue stand under the identity of its carrier. So both
facts are kept, and nothing is overwritten.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import msgspec

from protocol.fact_base import StationFact
from protocol.facts import Fact
from protocol.reissues import Layer
from protocol.units import FactRef
from server_broker.fleet.fact_rows import Identity
from server_broker.ingest.reading import Known

MOST_AT_A_PLACE = 32
"""Most different facts that come again as one place's. A fact that comes again and again stays one: its digest is the
same. A place has another one only if an SD card was copied: one for each copy that went on from there."""

CROWDED = "reissued_too_often"
"""The reason for which a re-issue beyond that is held. No place gets free again, so it stays held."""


class Crowded(Exception):
    """A re-issue brings a place more different facts than `MOST_AT_A_PLACE`. It is to be held as `CROWDED`."""


class ReissueRow(NamedTuple):
    """What the county keeps of a layer, in the column order of `server_broker.ingest.tables.REISSUES`."""

    station: str
    epoch: bytes
    seq: int
    digest: bytes
    identity_epoch: bytes
    identity_seq: int
    carrier_epoch: bytes
    carrier_seq: int


class Move(NamedTuple):
    """Says that the rows of a re-issue must move from one identity to another."""

    old: Identity
    new: Identity


@dataclass(slots=True)
class Origins:
    """What the county knows of the identities that the facts at hand name, and what is new about them."""

    stored: dict[Identity, Known] = field(default_factory=dict)
    """Facts that came in their own stream."""
    reissued: dict[Identity, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    """The digests of the facts that came by re-issue."""
    taken: dict[Identity, Identity] = field(default_factory=dict)
    """The identities under which rows of a re-issue stand, each with the carrier."""
    stands: dict[tuple[Identity, bytes], Identity] = field(default_factory=dict)
    """The identity under which a re-issued fact stands: by the identity it names and the epoch of its carrier. `stand`
    adds to it."""
    standing: dict[Identity, set[tuple[Identity, bytes]]] = field(default_factory=lambda: defaultdict(set))
    """The keys of ``stands`` by its values: one place may be named by thousands."""
    rows: list[ReissueRow] = field(default_factory=list)
    """Layers to keep."""
    now_read: list[tuple[Identity, str]] = field(default_factory=list)
    """Facts that were held in their own stream and count as read now that a re-issue brought them; with their kind."""
    moves: list[Move] = field(default_factory=list)
    """Where the rows of re-issues must go before those of the facts to which they gave way are stored; in order."""

    def copy(self) -> "Origins":
        """Return a copy that changes by itself."""
        return Origins(
            dict(self.stored),
            defaultdict(set, {at: set(digests) for at, digests in self.reissued.items()}),
            dict(self.taken),
            dict(self.stands),
            defaultdict(set, {at: set(keys) for at, keys in self.standing.items()}),
            list(self.rows),
            list(self.now_read),
            list(self.moves),
        )

    def stand(self, named: Identity, carrier_epoch: bytes, identity: Identity) -> None:
        """Note under which identity a re-issue stands that names ``named``."""
        key = named, carrier_epoch
        if (before := self.stands.get(key)) is not None:
            self.standing[before].discard(key)
        self.stands[key] = identity
        self.standing[identity].add(key)

    def place(self, carrier: Identity, layers: list[Layer]) -> Identity | None:
        """Return the identity under which the rows of a re-issued fact must stand; None if it says nothing new.

        This notes nothing. Call `note` once the rows are made.
        """
        if any(self._accounted(carrier.station, layer) for layer in layers):
            return None
        # The first identity that is free, from the innermost layer outwards. Free means that the county has no other
        # fact there: neither in the stream itself nor by another re-issue.
        for layer in reversed(layers):
            at = Identity(carrier.station, layer.epoch, layer.seq)
            known = self.stored.get(at)
            if at not in self.taken and (known is None or known.digest == layer.digest):
                return at
        return carrier

    def is_crowded(self, station: str, layers: Sequence[Layer]) -> bool:
        """Tell whether a re-issue brings a place more different facts than `MOST_AT_A_PLACE`.

        Every fact of such a place is loaded whenever one that names it comes, inside the transaction of a batch.
        """
        fresh = Counter(Identity(station, layer.epoch, layer.seq) for layer in self._fresh(station, layers))
        return any(len(self.reissued.get(at, ())) + count > MOST_AT_A_PLACE for at, count in fresh.items())

    def note(self, carrier: Identity, layers: list[Layer], kind: str, *, identity: Identity) -> None:
        """Note that a re-issue was read and that its rows stand under ``identity``."""
        self.taken[identity] = carrier
        self._keep(carrier, layers, kind, identity=identity)

    def note_again(self, carrier: Identity, layers: list[Layer], kind: str) -> None:
        """Note a re-issue that says nothing new. Some of its layers may still be new to the county."""
        self._keep(carrier, self._fresh(carrier.station, layers), kind, identity=carrier)

    def _keep(self, carrier: Identity, layers: list[Layer], kind: str, *, identity: Identity) -> None:
        for layer in layers:
            at = Identity(carrier.station, layer.epoch, layer.seq)
            self.reissued[at].add(layer.digest)
            self.stand(at, carrier.epoch, identity)
            self.rows.append(ReissueRow(*at, layer.digest, *identity[1:], *carrier[1:]))
            if (known := self.stored.get(at)) and known.digest == layer.digest:
                self.stored[at] = Known(layer.digest, "")
                # Only the innermost layer is the fact itself; the others are facts of the kind "reissued".
                self.now_read.append((at, kind if layer is layers[-1] else "reissued"))

    def _fresh(self, station: str, layers: Sequence[Layer]) -> list[Layer]:
        return [layer for layer in layers if not self._accounted(station, layer)]

    def _accounted(self, station: str, layer: Layer) -> bool:
        """Tell whether the county has read this very fact, in its own stream or by a re-issue."""
        at = Identity(station, layer.epoch, layer.seq)
        return self.stored.get(at) == (layer.digest, "") or layer.digest in self.reissued.get(at, ())

    def is_again(self, own: Identity, digest: bytes) -> bool:
        """Tell whether a fact that comes in its own stream has come by re-issue before."""
        return digest in self.reissued.get(own, ())

    def give_way(self, own: Identity) -> None:
        """Note where the rows of a re-issue must move to, if they stand under ``own``.

        It happens with cloned boards: one re-issued its fact before the other sent its own under the same identity. So
        no other rows stand under the identity of a carrier that was read, and those that give way can go there.
        """
        elsewhere = self.taken.pop(own, None)
        if elsewhere is not None:
            self.moves.append(Move(own, elsewhere))
            for named, carrier_epoch in self.standing.pop(own, ()):
                self.stand(named, carrier_epoch, elsewhere)

    def redirected(self, fact: Fact, station: str, *, streams: Sequence[bytes]) -> Fact:
        """Return ``fact``, or a copy in which the facts that it is about are named by the identities they have here.

        A picture names its touch, and a chosen direction its touch, by the touch's first identity. If the touch came by
        re-issue from a cloned board, it may stand under another identity. The picture then belongs to the touch that
        came in the same stream, not to the other board's touch.

        Args:
            streams: The epoch of the stream that brought the fact, then those of the streams that brought it before.
        """
        # Mostly nothing was re-issued, and then every fact stands where it is named.
        refs = refs_of(fact) if self.stands else {}
        if not refs:
            return fact
        return msgspec.structs.replace(
            fact, **{name: self._stands(station, ref, streams) for name, ref in refs.items()}
        )

    def _stands(self, station: str, ref: FactRef, streams: Sequence[bytes]) -> FactRef:
        named = Identity(station, ref.epoch, ref.seq)
        stands = next((self.stands[named, one] for one in streams if (named, one) in self.stands), named)
        return FactRef(epoch=stands.epoch, seq=stands.seq)


def refs_of(fact: Fact) -> dict[str, FactRef]:
    """Return the names of the other facts that ``fact`` is about, by field."""
    return {name: ref for name in _ref_fields(type(fact)) if (ref := getattr(fact, name)) is not None}


@cache
def _ref_fields(kind: type[StationFact]) -> tuple[str, ...]:
    """Return the fields of a kind of fact that may name another fact: of most facts, none."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.type in (FactRef, FactRef | None))
