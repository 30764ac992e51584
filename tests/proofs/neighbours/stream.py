"""A stream of the hostile station's own."""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.birth import Birth
from protocol.chain import first_head, next_head
from protocol.codec import encode
from protocol.envelope import Envelope, SealedFact
from protocol.heads import SignedHead, sign_head
from tests.server_broker.station_double import BOOT

if TYPE_CHECKING:
    from tests.proofs.neighbours.rogue import Rogue


@dataclass
class Stream:
    """A stream of the rogue's own, chained as it grows."""

    rogue: "Rogue"
    epoch: bytes = field(default_factory=lambda: os.urandom(16))
    through: int = 0
    head: bytes = b""

    def __post_init__(self) -> None:
        self.head = first_head(station=self.rogue.station.id, epoch=self.epoch)

    def signed(self) -> SignedHead:
        """Return its newest head, signed."""
        station = self.rogue.station
        return sign_head(station.key, station=station.id, epoch=self.epoch, through=self.through, head=self.head)

    def envelope(self, *bodies: bytes, good: bool = True) -> bytes:
        """Append facts, and return the PUBLISH of an envelope with them; with a bad signature unless ``good``."""
        first, facts = self.through + 1, [SealedFact(salt=os.urandom(16), body=body) for body in bodies]
        for fact in facts:
            self.through += 1
            self.head = next_head(self.head, seq=self.through, digest=fact.digest())
        head = self.signed()
        if not good:
            head = SignedHead(epoch=head.epoch, through=head.through, head=head.head, signature=bytes(64))
        return self.rogue.message(
            "facts", encode(Envelope(station=self.rogue.station.id, first=first, facts=facts, head=head))
        )

    def birth(self, *, contract: int = 0) -> bytes:
        """Return the PUBLISH of a birth that begins with this stream."""
        station = self.rogue.station.id
        birth = Birth(
            station=station,
            head=self.signed(),
            boot=BOOT,
            nonce=os.urandom(16),
            software="rogue",
            twin_version=0,
            contract=contract,
        )
        return self.rogue.message("birth", encode(birth))
