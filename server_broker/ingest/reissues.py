"""Facts that come again in a later stream: which of them say something new, and under what identity. Pure.

A fact keeps the identity under which it was first committed (ADR 2). One that the county has read, or has
accounted for, derives nothing. Where a cloned card has put other content under that identity, what the fact says
stands under the identity of the fact that carried it: both are kept, nothing is overwritten.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from protocol.reissues import Layer
from server_broker.ingest.reading import Known
from server_broker.ingest.rows import Identity


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
        return self.taken.pop(who, None)
