"""The same facts, sent to each contender as its own senders would: as fast as it takes them."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from protocol.codec import decode, encode
from protocol.envelope import Envelope
from protocol.receipts import Receipt
from protocol.signing import Signed
from protocol.topics import topic
from tests.benchmarks.county.light_client import LightClient, connected, was_delivered

IN_FLIGHT = 500
"""Messages of a plain sender that wait for their PUBACK."""
ENVELOPES_OUT = 4
"""Envelopes of one of our stations that wait for a receipt."""
SAID_AGAIN_S = 3.0
"""Without a receipt for so long, a station says again what it has no receipt for."""
_LAST_MID = 60_000


@dataclass
class PlainSender:
    """Sends messages by QoS 1. What the broker acknowledges is delivered to it, and it lets go of it."""

    port: int
    name: str
    messages: Sequence[tuple[str, bytes, int]]
    """Topic, payload and number of facts of each."""
    acknowledged: int = 0
    """Facts."""
    _waiting: list[int] = field(default_factory=list)
    _out: dict[int, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Send everything until all of it is acknowledged as delivered."""
        client = await connected(self.port, self.name)
        changed = asyncio.Event()

        def acknowledged(mid: int, reason: int) -> None:
            place = self._out.pop(mid)
            if was_delivered(reason):
                self.acknowledged += self.messages[place][2]
            else:
                self._waiting.append(place)
            changed.set()

        client.on_acknowledged = acknowledged
        self._waiting = list(reversed(range(len(self.messages))))
        mids = itertools.cycle(range(1, _LAST_MID))
        while self._waiting or self._out:
            while self._waiting and len(self._out) < IN_FLIGHT:
                place, mid = self._waiting.pop(), next(mids)
                self._out[mid] = place
                client.publish(self.messages[place][0], self.messages[place][1], mid=mid)
            changed.clear()
            await changed.wait()
        client.close()


@dataclass
class _Board:
    """One of our stations, which goes by receipts alone."""

    envelopes: list[tuple[int, bytes]]
    """The last seq and the payload of each, in order."""
    through: int = 0
    sent: int = 0
    """How many of ``envelopes`` are sent."""
    at: float = 0.0
    """When it last sent or heard."""

    def due(self, now: float) -> Iterator[bytes]:
        """Return what it sends now."""
        received = next((n for n, (last, _) in enumerate(self.envelopes) if last > self.through), len(self.envelopes))
        if now - self.at > SAID_AGAIN_S:
            self.sent = received
        self.sent = max(self.sent, received)
        while self.sent < min(len(self.envelopes), received + ENVELOPES_OUT):
            yield self.envelopes[self.sent][1]
            self.sent += 1
            self.at = now

    @property
    def has_all(self) -> bool:
        return self.through >= self.envelopes[-1][0]


class OurSender:
    """Stations that send envelopes, each until it has receipts for all its facts. One connection carries them all."""

    def __init__(self, port: int, name: str, envelopes: Sequence[Envelope], *, shard: int) -> None:
        self._port = port
        self._name = name
        self._shard = shard
        self._boards: dict[str, _Board] = {}
        for one in envelopes:
            board = self._boards.setdefault(one.station, _Board([], through=one.first - 1))
            board.envelopes.append((one.head.through, encode(one)))
        self._before = sum(board.through for board in self._boards.values())

    @property
    def acknowledged(self) -> int:
        """How many facts are receipted."""
        return sum(board.through for board in self._boards.values()) - self._before

    async def run(self) -> None:
        """Send everything until all of it is receipted."""
        client = await connected(self._port, self._name, [f"cunhui/1/{self._shard}/+/receipt"])
        mids = itertools.cycle(range(1, _LAST_MID))
        open_ones = set(self._boards)

        def say(station: str) -> None:
            for payload in self._boards[station].due(time.monotonic()):
                client.publish(topic(shard=self._shard, station=station, leaf="facts"), payload, mid=next(mids))

        def heard(name: str, payload: bytes) -> None:
            # Not verified here: what a station does for that costs the sender, who shares the machine.
            receipt = decode(decode(payload, Signed).payload, Receipt)
            board = self._boards[receipt.station]
            board.through, board.at = max(board.through, receipt.through), time.monotonic()
            if board.has_all:
                open_ones.discard(receipt.station)
            else:
                say(receipt.station)

        client.on_message = heard
        while open_ones:
            for station in list(open_ones):
                say(station)
            await asyncio.sleep(0.2)
        client.close()


def plain_messages(
    envelopes: Sequence[Envelope], *, prefix: str, packed: Callable[[Envelope], bytes]
) -> list[tuple[str, bytes, int]]:
    """Return the facts of ``envelopes`` as messages of a plain sender."""
    return [(f"{prefix}/{one.station}", packed(one), len(one.facts)) for one in envelopes]


def packed_plain(envelope: Envelope) -> bytes:
    """Return station, first seq and bodies for the plain subscriber."""
    return msgspec.msgpack.encode((envelope.station, envelope.first, [fact.body for fact in envelope.facts]))


def packed_json(envelope: Envelope) -> bytes:
    """Return the same as JSON, which is what Node-RED's own nodes read; bodies in hex."""
    bodies = [fact.body.hex() for fact in envelope.facts]
    return msgspec.json.encode({"station": envelope.station, "first": envelope.first, "bodies": bodies})


__all__ = ["LightClient", "OurSender", "PlainSender", "packed_json", "packed_plain", "plain_messages"]
