"""A station's end of the contract in memory: it commits facts, chains, signs and wraps them as a real one does."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import Birth, Compare, Gone, HeadAtSeq
from protocol.chain import first_head, next_head
from protocol.codec import encode
from protocol.envelope import Envelope, SealedFact
from protocol.facts import BlobAnnounced, Booted, EpochOpened, Fact, Reissued, Touch, encode_fact
from protocol.heads import SignedHead, sign_head
from protocol.topics import Up, topic
from protocol.units import ClockQuality, FactRef, Moment
from protocol.vitals import Vitals
from server_broker.ingest.messages import Incoming
from tests.cast import REGIONS, SHILI, SHILI_VILLAGE, ZHANG

if TYPE_CHECKING:
    from server_broker.fleet.models import Station

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
WALL = round(NOW.timestamp() * 1000)
BOOT = bytes(range(16))
CARD = ZHANG.token


def moment(
    mono: int = 1000, *, quality: ClockQuality = "synced", wall: int | None = None, boot: bytes = BOOT
) -> Moment:
    return Moment(wall=WALL + mono if wall is None else wall, boot=boot, mono=mono, quality=quality)


def touch(
    mono: int = 1000, *, card: bytes = CARD, quality: ClockQuality = "synced", reader: str = "simulated"
) -> Touch:
    return Touch(at=moment(mono, quality=quality), card=card, reader=reader, answer="recorded", direction="in")


@dataclass
class StationDouble:
    """One station with one stream; ``reopen`` opens another."""

    id: str = SHILI
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    epoch: bytes = field(default_factory=lambda: os.urandom(16))
    sealed: list[SealedFact] = field(default_factory=list)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def enrol(self) -> "Station":
        # Only a test of the county has Django set up; who speaks to a county that runs needs the rest alone.
        from server_broker.fleet.models import Station  # noqa: PLC0415
        from server_broker.regions.models import Region  # noqa: PLC0415

        Region.objects.get_or_create(code=SHILI_VILLAGE, defaults={"name": REGIONS[SHILI_VILLAGE]})
        station, _ = Station.objects.update_or_create(
            id=self.id,
            defaults={"name": "示例站", "village_id": SHILI_VILLAGE, "record_key": self.public, "enrolled_at": NOW},
        )
        return station

    def add(self, *facts: Fact) -> "StationDouble":
        for fact in facts:
            self.add_body(encode_fact(fact))
        return self

    def add_body(self, body: bytes) -> "StationDouble":
        self.sealed.append(SealedFact(salt=os.urandom(16), body=body))
        return self

    def ref(self, seq: int) -> FactRef:
        return FactRef(epoch=self.epoch, seq=seq)

    def head(self, seq: int) -> bytes:
        value = first_head(station=self.id, epoch=self.epoch)
        for number, fact in enumerate(self.sealed[:seq], start=1):
            value = next_head(value, seq=number, digest=fact.digest())
        return value

    def signed(self, seq: int, *, key: Ed25519PrivateKey | None = None) -> SignedHead:
        return sign_head(key or self.key, station=self.id, epoch=self.epoch, through=seq, head=self.head(seq))

    def envelope(self, first: int = 1, last: int | None = None, *, key: Ed25519PrivateKey | None = None) -> Envelope:
        end = len(self.sealed) if last is None else last
        facts = self.sealed[first - 1 : end]
        return Envelope(station=self.id, first=first, facts=facts, head=self.signed(end, key=key))

    def reissued(self, seq: int) -> Reissued:
        sealed = self.sealed[seq - 1]
        return Reissued(at=moment(), epoch=self.epoch, seq=seq, salt=sealed.salt, body=sealed.body)

    def reopen(self, *, matched: int) -> "StationDouble":
        """Return the same station on a new stream, with every fact after ``matched`` re-issued in it."""
        fresh = StationDouble(id=self.id, key=self.key)
        fresh.add(EpochOpened(at=moment(), reason="differs", previous=self.epoch, matched=matched))
        fresh.add(*(self.reissued(seq) for seq in range(matched + 1, len(self.sealed) + 1)))
        return fresh

    def clone(self) -> "StationDouble":
        return StationDouble(id=self.id, key=self.key, epoch=self.epoch, sealed=list(self.sealed))

    def message(self, leaf: Up, payload: bytes) -> Incoming:
        return Incoming(topic(shard=0, station=self.id, leaf=leaf), payload, ticket=object())

    def facts_message(self, first: int = 1, last: int | None = None) -> Incoming:
        return self.message("facts", encode(self.envelope(first, last)))

    def birth(self, *, nonce: bytes = b"n" * 16, twin_version: int = 0, contract: int = 0) -> Incoming:
        head = self.signed(len(self.sealed))
        birth = Birth(
            station=self.id,
            head=head,
            boot=BOOT,
            nonce=nonce,
            software="0.1.0",
            twin_version=twin_version,
            contract=contract,
        )
        return self.message("birth", encode(birth))

    def gone(self, *, nonce: bytes = b"n" * 16) -> Incoming:
        return self.message("gone", encode(Gone(station=self.id, nonce=nonce, reason="broken")))

    def compare(self, *seqs: int) -> Incoming:
        marks = [HeadAtSeq(seq=seq, head=self.head(seq)) for seq in seqs]
        return self.message("compare", encode(Compare(station=self.id, epoch=self.epoch, marks=marks)))

    def vitals(self, **said: Any) -> Incoming:
        vitals = Vitals(
            station=self.id,
            at=moment(),
            head=self.signed(len(self.sealed)),
            waiting=7,
            blobs_waiting=2,
            software="0.1.0",
            reader_ready=True,
            camera_ready=False,
            disk_free_kib=1000,
            resident_kib=2000,
            twin_version=0,
            simulated=True,
        )
        return self.message("vitals", encode(msgspec.structs.replace(vitals, **said)))


def booted() -> Booted:
    return Booted(at=moment(1), cause="power_on", software="0.1.0")


def announced(jpeg_sha256: bytes, size: int) -> BlobAnnounced:
    return BlobAnnounced(at=moment(), sha256=jpeg_sha256, size=size, media_type="image/jpeg", purpose="touch")
