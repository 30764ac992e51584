"""Facts that come again in a later stream: which of them say something new, and under what identity. Pure.

A fact keeps the identity under which it was first committed (ADR 2). One that the county has read, or has
accounted for, derives nothing. Where a cloned card has put other content under that identity, what the fact says
stands under the identity of the fact that carried it: both are kept, nothing is overwritten.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from protocol.facts import BlobAnnounced, DirectionChosen, Fact
from protocol.reissues import Layer
from protocol.units import FactRef
from server_broker.ingest.projections import Identity
from server_broker.ingest.reading import Known


class ReissueRow(NamedTuple):
    """What is kept of a layer, in the column order of the table."""

    station: str
    epoch: bytes
    seq: int
    digest: bytes
    identity_epoch: bytes
    identity_seq: int
    carrier_epoch: bytes
    carrier_seq: int


@dataclass(slots=True)
class Origins:
    """What the county knows of the identities that re-issues name."""

    stored: dict[Identity, Known] = field(default_factory=dict)
    """Facts that came in their own stream."""
    reissued: dict[Identity, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    """Digests that came by re-issue."""
    taken: dict[Identity, Identity] = field(default_factory=dict)
    """Identities under which rows of a re-issue stand, with the fact that carried it."""
    stands: dict[tuple[Identity, bytes], Identity] = field(default_factory=dict)
    """By a place, and the epoch of the stream that brought its fact again: under what identity that fact stands."""
    rows: list[ReissueRow] = field(default_factory=list)
    """New rows to keep."""
    now_read: list[tuple[Identity, str]] = field(default_factory=list)
    """Facts that were held in their own stream and are vouched for by a re-issue, with their kind."""

    def place(self, carrier: Identity, layers: list[Layer]) -> Identity | None:
        """Return under what identity the innermost fact's rows shall stand, or None when it says nothing new.

        Nothing is noted by that: `note` follows once the rows are made.
        """
        if any(self._accounted(carrier.station, layer) for layer in layers):
            return None
        return next((at for at in self._candidates(carrier.station, layers)), carrier)

    def note(self, carrier: Identity, layers: list[Layer], kind: str, *, identity: Identity) -> None:
        """Note that a re-issue was read and that its rows stand under ``identity``."""
        self.taken[identity] = carrier
        self._keep(carrier, layers, kind, identity=identity)

    def note_again(self, carrier: Identity, layers: list[Layer], kind: str) -> None:
        """Note a re-issue that says nothing new: it may stand in layers of which nothing was heard before."""
        fresh = [layer for layer in layers if not self._accounted(carrier.station, layer)]
        self._keep(carrier, fresh, kind, identity=carrier)

    def _keep(self, carrier: Identity, layers: list[Layer], kind: str, *, identity: Identity) -> None:
        for layer in layers:
            at = Identity(carrier.station, layer.epoch, layer.seq)
            self.reissued[at].add(layer.digest)
            self.stands[at, carrier.epoch] = identity
            self.rows.append(ReissueRow(*at, layer.digest, *identity[1:], *carrier[1:]))
            if (known := self.stored.get(at)) and known.digest == layer.digest:
                self.stored[at] = Known(layer.digest, "")
                self.now_read.append((at, kind if layer is layers[-1] else "reissued"))

    def _accounted(self, station: str, layer: Layer) -> bool:
        at = Identity(station, layer.epoch, layer.seq)
        return self.stored.get(at) == (layer.digest, "") or layer.digest in self.reissued.get(at, ())

    def _candidates(self, station: str, layers: list[Layer]) -> list[Identity]:
        """Return the identities of the layers that no other content holds, innermost first."""
        free = []
        for layer in reversed(layers):
            at = Identity(station, layer.epoch, layer.seq)
            known = self.stored.get(at)
            if at not in self.taken and (known is None or known.digest == layer.digest):
                free.append(at)
        return free

    def is_again(self, who: Identity, digest: bytes) -> bool:
        """Tell whether a fact in its own stream came before, by re-issue."""
        return digest in self.reissued.get(who, ())

    def give_way(self, who: Identity) -> Identity | None:
        """Return where rows of a re-issue must move to, which stand under the identity of another fact.

        Of two cloned boards one re-issued its fact before the other sent its own under the same identity.
        """
        elsewhere = self.taken.pop(who, None)
        if elsewhere is not None:
            self.stands.update(dict.fromkeys([at for at, stood in self.stands.items() if stood == who], elsewhere))
        return elsewhere

    def pointed(self, fact: Fact, station: str, *, streams: Sequence[bytes]) -> Fact:
        """Return a fact that names the fact which it is about by the identity under which that stands here.

        A station names it by its first identity. Of two cloned boards one has its fact there; what the other says of
        its own is about the one that came again with it.

        Args:
            streams: The epochs of the stream that brought the fact, and of those that brought it before.
        """
        ref = ref_of(fact)
        if ref is None:
            return fact
        named = Identity(station, ref.epoch, ref.seq)
        stands = next((self.stands[named, one] for one in streams if (named, one) in self.stands), named)
        name = "touch" if isinstance(fact, DirectionChosen) else "about"
        return msgspec.structs.replace(fact, **{name: FactRef(epoch=stands.epoch, seq=stands.seq)})


def ref_of(fact: Fact) -> FactRef | None:
    """Return by what name a fact calls the other fact that it is about, or None."""
    match fact:
        case DirectionChosen(touch=ref):
            return ref
        case BlobAnnounced(about=ref):
            return ref
    return None
