"""Facts of many stations, chained and signed before anything is measured, as messages for the county's ingest."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain as joined
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import Birth
from protocol.chain import first_head, next_head
from protocol.codec import encode
from protocol.envelope import Envelope, SealedFact
from protocol.facts import BlobAnnounced, Fact, Touch, WindowClosed, encode_fact
from protocol.heads import sign_head
from protocol.topics import topic
from protocol.units import FactRef, Moment
from server_broker.ingest.messages import Incoming

type Load = Literal["single", "backlog"]

FACTS_AN_ENVELOPE: dict[Load, int] = {"single": 1, "backlog": 200}
_TOUCHES, _PICTURES = 0.63, 0.32
"""Shares of a backlog: a touch with its picture is two facts, and some touches have none. The rest are events."""
_FIRST_WALL = 1_764_500_000_000
_CARDS = 40


@dataclass
class PresignedStation:
    """One station with one stream and one boot, whose clock is synced. It signs as a real one does.

    Its keys and all that it says follow from its name, so that one program can take in what another one sends.
    """

    id: str
    shard: int
    before: int = 0
    """Facts that it had sent before these. The county's row of the stream must say so (`head`)."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.id)
        self.key = Ed25519PrivateKey.from_private_bytes(self._chance.randbytes(32))
        self.epoch = self._chance.randbytes(16)
        self._boot = self._chance.randbytes(16)
        self._cards = [self._chance.randbytes(16) for _ in range(_CARDS)]
        self._head = first_head(station=self.id, epoch=self.epoch)
        self._seq = self.before
        self._touch: FactRef | None = None

    @property
    def public(self) -> bytes:
        """The raw public key by which the county verifies what this station signs."""
        return self.key.public_key().public_bytes_raw()

    @property
    def head(self) -> bytes:
        """The chain's value after all that was signed so far."""
        return self._head

    def birth(self) -> Birth:
        """Return the birth with which it connects, as a station that has heard of nothing yet."""
        head = sign_head(self.key, station=self.id, epoch=self.epoch, through=self._seq, head=self._head)
        nonce = self._chance.randbytes(16)
        return Birth(station=self.id, head=head, boot=self._boot, nonce=nonce, software="bench", twin_version=0)

    def envelope(self, load: Load) -> Envelope:
        """Return the next envelope: one touch, or a piece of a backlog."""
        first = self._seq + 1
        sealed = [self._sealed(self._fact(load)) for _ in range(FACTS_AN_ENVELOPE[load])]
        head = sign_head(self.key, station=self.id, epoch=self.epoch, through=self._seq, head=self._head)
        return Envelope(station=self.id, first=first, facts=sealed, head=head)

    def _sealed(self, fact: Fact) -> SealedFact:
        sealed = SealedFact(salt=self._chance.randbytes(16), body=encode_fact(fact))
        self._seq += 1
        self._head = next_head(self._head, seq=self._seq, digest=sealed.digest())
        return sealed

    def _fact(self, load: Load) -> Fact:
        mono = (self._seq + 1) * 60_000
        at = Moment(wall=_FIRST_WALL + mono, boot=self._boot, mono=mono, quality="synced")
        place = 0.0 if load == "single" else self._chance.random()
        if place < _TOUCHES:
            self._touch = FactRef(epoch=self.epoch, seq=self._seq + 1)
            card = self._chance.choice(self._cards)
            return Touch(at=at, card=card, reader="simulated", answer="recorded", direction="in")
        if place < _TOUCHES + _PICTURES:
            digest = self._chance.randbytes(32)
            size = self._chance.randrange(20_000, 40_000)
            return BlobAnnounced(
                at=at, sha256=digest, size=size, media_type="image/jpeg", purpose="touch", about=self._touch
            )
        return WindowClosed(at=at, window="上午", date="2026-11-30", closed=at.wall)


def make_stations(count: int, *, shard: int, prefix: str = "bench", before: int = 0) -> list[PresignedStation]:
    """Return stations of a shard, each of which has sent so many facts ``before``."""
    return [PresignedStation(f"{prefix}-{shard}-{place:05}", shard, before) for place in range(count)]


def messages(stations: list[PresignedStation], load: Load, *, envelopes: int) -> list[Incoming]:
    """Return this many envelopes of each station as messages, one of each station in turn."""
    return list(joined.from_iterable(_round(stations, load) for _ in range(envelopes)))


def _round(stations: list[PresignedStation], load: Load) -> Iterator[Incoming]:
    for station in stations:
        name = topic(shard=station.shard, station=station.id, leaf="facts")
        yield Incoming(name, encode(station.envelope(load)), ticket=object())
