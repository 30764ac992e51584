"""A county small enough to read in one sitting: verifies, keeps in memory, answers.

`CountyBook` is the county without a network; `CountyPeer` is the same behind a real broker.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol import MINOR, chain
from protocol.birth import Birth, Compare, Match, Welcome, seal_match, seal_welcome
from protocol.blobs import BlobMissing, BlobQuery, Range, decode_chunk, seal_missing
from protocol.codec import decode
from protocol.envelope import Envelope, decode_envelope
from protocol.frames import Frame, decode_frame
from protocol.heads import SignedHead, verify_head
from protocol.receipts import Receipt, seal_receipt
from protocol.signing import key_id
from protocol.topics import UP, Down, county_filter, parse, topic
from protocol.twin import Reported
from protocol.vitals import Vitals

type Answer = tuple[Down, bytes]


@dataclass
class Kept:
    """One stream as the county has it; ``heads[n]`` is the chain's value after n facts."""

    heads: list[bytes]
    bodies: list[bytes] = field(default_factory=list)

    @property
    def through(self) -> int:
        return len(self.bodies)


class CountyBook:
    """Takes what a station publishes and returns what a county answers."""

    def __init__(self, record_keys: dict[str, bytes], *, wall_ms: Callable[[], int] | None = None) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.record_keys = record_keys
        self.wall_ms = wall_ms or (lambda: int(time.time() * 1000))
        self.generation = 1
        self.knows_questions = True
        self.contract = MINOR
        self.streams: dict[tuple[str, bytes], Kept] = {}
        self.blobs: dict[bytes, bytearray] = {}
        self.come: dict[bytes, set[int]] = {}
        self.births: list[Birth] = []
        self.vitals: list[Vitals] = []
        self.reported: list[Reported] = []
        self.frames: list[Frame] = []
        self.gone: list[bytes] = []
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.receipts = 0

    @property
    def public_keys(self) -> dict[bytes, bytes]:
        raw = self.key.public_key().public_bytes_raw()
        return {key_id(raw): raw}

    def bodies(self, station: str) -> list[bytes]:
        """Every fact of a station, in the order in which its streams came."""
        return [body for (name, _), kept in self.streams.items() if name == station for body in kept.bodies]

    def kept(self, station: str, epoch: bytes) -> Kept:
        return self.streams.setdefault((station, epoch), Kept(heads=[chain.first_head(station=station, epoch=epoch)]))

    def hear(self, name: str, payload: bytes) -> list[Answer]:
        """Take one publish. A leaf in ``silent`` is taken and not answered, one in ``deaf`` not even taken."""
        place = parse(name)
        if place.leaf in self.deaf:
            return []
        answers = getattr(self, f"_{place.leaf}")(place.station, payload)
        return [] if place.leaf in self.silent else answers

    def _birth(self, station: str, payload: bytes) -> list[Answer]:
        birth = decode(payload, Birth)
        verify_head(self.record_keys[station], station=station, signed=birth.head)
        self.births.append(birth)
        kept = self.kept(station, birth.head.epoch)
        welcome = Welcome(
            station=station,
            epoch=birth.head.epoch,
            through=kept.through,
            head=kept.heads[-1],
            generation=self.generation,
            nonce=birth.asked if self.knows_questions else birth.nonce,
            wall=self.wall_ms(),
            contract=self.contract,
        )
        return [("welcome", seal_welcome(self.key, welcome))]

    def _facts(self, station: str, payload: bytes) -> list[Answer]:
        envelope = decode_envelope(payload)
        self._verify(station, envelope.head)
        kept = self.kept(station, envelope.head.epoch)
        if envelope.first <= kept.through + 1:
            self._store(kept, envelope)
        return [("receipt", self.receipt(station, envelope.head.epoch))]

    def _verify(self, station: str, head: SignedHead) -> None:
        verify_head(self.record_keys[station], station=station, signed=head)

    def _store(self, kept: Kept, envelope: Envelope) -> None:
        for seq, fact in enumerate(envelope.facts, envelope.first):
            head = chain.next_head(kept.heads[seq - 1], seq=seq, digest=fact.digest())
            if seq <= kept.through:
                assert kept.heads[seq] == head, "two facts under one name"
                continue
            kept.heads.append(head)
            kept.bodies.append(fact.body)
        assert envelope.head.through > kept.through or kept.heads[envelope.head.through] == envelope.head.head

    def receipt(self, station: str, epoch: bytes) -> bytes:
        """The receipt for what the county has now."""
        self.receipts += 1
        kept = self.kept(station, epoch)
        return seal_receipt(
            self.key,
            Receipt(
                station=station, epoch=epoch, through=kept.through, head=kept.heads[-1], generation=self.generation
            ),
        )

    def _compare(self, station: str, payload: bytes) -> list[Answer]:
        compare = decode(payload, Compare)
        kept = self.kept(station, compare.epoch)
        through = next(
            (mark.seq for mark in compare.marks if mark.seq <= kept.through and kept.heads[mark.seq] == mark.head), 0
        )
        return [("match", seal_match(self.key, Match(station=station, epoch=compare.epoch, through=through)))]

    def _asked(self, station: str, payload: bytes) -> list[Answer]:
        query = decode(payload, BlobQuery)
        self.blobs.setdefault(query.sha256, bytearray(query.size))
        come = self.come.setdefault(query.sha256, set())
        ranges: list[Range] = []
        for place in range(query.size):
            if place in come:
                continue
            if ranges and ranges[-1].end == place:
                ranges[-1] = Range(start=ranges[-1].start, end=place + 1)
            else:
                ranges.append(Range(start=place, end=place + 1))
        missing = BlobMissing(station=station, sha256=query.sha256, ranges=ranges[:256])
        return [("missing", seal_missing(self.key, missing))]

    def _blob(self, _station: str, payload: bytes) -> list[Answer]:
        chunk = decode_chunk(payload)
        self.blobs[chunk.sha256][chunk.offset : chunk.offset + len(chunk.data)] = chunk.data
        self.come[chunk.sha256].update(range(chunk.offset, chunk.offset + len(chunk.data)))
        return []

    def whole_blobs(self) -> set[bytes]:
        """The blobs whose bytes hash to their names."""
        return {name for name, content in self.blobs.items() if hashlib.sha256(content).digest() == name}

    def _frame(self, _station: str, payload: bytes) -> list[Answer]:
        self.frames.append(decode_frame(payload))
        return []

    def _vitals(self, _station: str, payload: bytes) -> list[Answer]:
        self.vitals.append(decode(payload, Vitals))
        return []

    def _reported(self, _station: str, payload: bytes) -> list[Answer]:
        self.reported.append(decode(payload, Reported))
        return []

    def _gone(self, _station: str, payload: bytes) -> list[Answer]:
        self.gone.append(payload)
        return []


class CountyPeer:
    """A `CountyBook` behind the broker's plain loopback listener."""

    def __init__(self, book: CountyBook, *, port: int) -> None:
        self.book = book
        self.changed = threading.Condition()
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="county-peer", protocol=mqtt.MQTTv5)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(10), "the county peer found no broker"

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(county_filter(shard=0, leaf=leaf), 1) for leaf in UP])

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            answers = self.book.hear(message.topic, bytes(message.payload))
            self.changed.notify_all()
        station = parse(message.topic).station
        for leaf, payload in answers:
            self.say(station, leaf, payload)

    def say(self, station: str, leaf: Down, payload: bytes, *, retain: bool = False) -> None:
        """Publish on a station's topic."""
        qos = 1 if leaf in ("desired", "command") else 0
        self._client.publish(topic(shard=0, station=station, leaf=leaf), payload, qos=qos, retain=retain)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
