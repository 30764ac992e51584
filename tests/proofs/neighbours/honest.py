"""Light honest boards: each touches a card every few seconds and waits for the receipt, as the contract says.

They are the outsiders of this proof: what they lit, and when the receipt for it came, is what is judged.
"""

import asyncio
import itertools
import os
import random
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import Birth
from protocol.chain import first_head, next_head
from protocol.codec import decode, encode
from protocol.envelope import Envelope, SealedFact
from protocol.facts import Touch, encode_fact
from protocol.heads import SignedHead, sign_head
from protocol.receipts import Receipt
from protocol.signing import Signed
from protocol.units import Moment
from tests.cast import ZHANG
from tests.proofs.neighbours import packets
from tests.proofs.neighbours.enrolling import Kit

DOWN = ("welcome", "receipt", "match", "missing", "desired", "command")
REPEAT_S = 3.0
"""The shortest wait of a station before it sends the same facts once more (docs/protocol.md, 9.3)."""
WELCOME_S = ((4.0, 8.0), (10.0, 20.0), (20.0, 25.0))
"""The waits for a welcome after the broker has taken a birth: the first, the second and every later one (9.1)."""
BACK_OFF_S = (0.25, 5.0)
"""The waits after a birth that the broker did not take, in the first two minutes of a trouble (5)."""
SILENCE_S = 90.0
"""A station gives a connection up on which nothing came for so long. It pings every 30 s."""
_HANDSHAKE_S = 10.0
_BIRTH = 9
"""The packet id of a birth."""


@dataclass
class Board:
    """One station with one stream, in memory."""

    kit: Kit
    port: int
    context: ssl.SSLContext
    rng: random.Random
    every_s: float
    hosts: Sequence[str] = ("127.0.0.1",)
    """Where brokers listen; it takes them by turns."""
    shard: int = 0
    lit: list[tuple[float, float | None]] = field(default_factory=list)
    """Of each touch when it was lit and when its receipt came."""
    sealed: list[SealedFact] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    monos: list[int] = field(default_factory=list)
    through: int = 0
    reconnects: int = 0

    def __post_init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(self.kit.record_key)
        self._epoch, self._boot, self._nonce = os.urandom(16), os.urandom(16), os.urandom(16)
        self._welcomed = asyncio.Event()
        self._news = asyncio.Event()
        self._broker_said = asyncio.Queue[int]()
        """The reason codes of the broker for births on this connection."""
        self._writer: asyncio.StreamWriter | None = None
        self._connections = self.rng.randrange(len(self.hosts))

    @property
    def station(self) -> str:
        """Its id."""
        return self.kit.station

    async def live(self, over: asyncio.Event) -> None:
        """Touch cards and have them receipted until it is over; then wait for what is under way."""
        tasks = [asyncio.create_task(self._touching(over)), asyncio.create_task(self._connecting())]
        await over.wait()
        tasks[0].cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_receipted(), 60)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def _all_receipted(self) -> None:
        while self.through < len(self.lit):
            await asyncio.sleep(0.1)

    async def _touching(self, over: asyncio.Event) -> None:
        await asyncio.sleep(self.rng.uniform(0, self.every_s))
        while not over.is_set():
            self._touch()
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) * self.every_s)

    def _touch(self) -> None:
        mono = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        at = Moment(wall=time.time_ns() // 1_000_000, boot=self._boot, mono=mono, quality="synced")
        touch = Touch(at=at, card=ZHANG.token, reader="simulated", answer="recorded", direction="in")
        sealed = SealedFact(salt=os.urandom(16), body=encode_fact(touch))
        before = self.heads[-1] if self.heads else first_head(station=self.station, epoch=self._epoch)
        self.sealed.append(sealed)
        self.heads.append(next_head(before, seq=len(self.sealed), digest=sealed.digest()))
        self.monos.append(mono)
        self.lit.append((time.monotonic(), None))
        self._news.set()

    def _signed(self, through: int) -> SignedHead:
        head = self.heads[through - 1] if through else first_head(station=self.station, epoch=self._epoch)
        return sign_head(self._key, station=self.station, epoch=self._epoch, through=through, head=head)

    async def _connecting(self) -> None:
        while True:
            with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
                await self._connected()
            self.reconnects += 1
            await asyncio.sleep(self.rng.uniform(0.25, 2.0))

    async def _connected(self) -> None:
        host = self.hosts[self._connections % len(self.hosts)]
        self._connections += 1
        reader, self._writer = await asyncio.open_connection(
            host, self.port, ssl=self.context, server_hostname=host, ssl_handshake_timeout=_HANDSHAKE_S
        )
        self._writer.write(packets.connect(self.station))
        self._writer.write(packets.subscribe([f"cunhui/1/{self.shard}/{self.station}/{leaf}" for leaf in DOWN]))
        self._nonce = os.urandom(16)
        self._welcomed.clear()
        self._broker_said = asyncio.Queue()
        tasks = [asyncio.create_task(self._pinging()), asyncio.create_task(self._sending())]
        buffer = bytearray()
        try:
            while came := await asyncio.wait_for(reader.read(65_536), SILENCE_S):
                buffer += came
                while packet := packets.take(buffer):
                    self._heed(*packet)
        finally:
            for task in tasks:
                task.cancel()
            self._writer.close()

    async def _pinging(self) -> None:
        while True:
            await asyncio.sleep(30)
            self._write(b"\xc0\x00")

    def _heed(self, first: int, body: bytes) -> None:
        if first >> 4 == 4 and int.from_bytes(body[:2]) == _BIRTH:
            self._broker_said.put_nowait(body[2] if len(body) > 2 else 0)
        if first >> 4 != 3:
            return
        topic, mid, payload = packets.published(first, body)
        if mid:
            self._write(packets.puback(mid))
        leaf = topic.rpartition("/")[2]
        if leaf == "welcome":
            self._welcomed.set()
        elif leaf == "receipt":
            receipt = decode(decode(payload, Signed).payload, Receipt)
            now = time.monotonic()
            for seq in range(self.through, receipt.through):
                self.lit[seq] = (self.lit[seq][0], now)
            self.through = max(self.through, receipt.through)
            self._news.set()

    def _write(self, packet: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(packet)

    async def _sending(self) -> None:
        """One envelope is under way until its receipt: sent, sent once more, and then a birth."""
        tries = 0
        while True:
            if not self._welcomed.is_set():
                await self._greet()
                tries = 0
                continue
            if self.through >= len(self.sealed):
                self._news.clear()
                await self._news.wait()
                continue
            if tries == 2:
                self._welcomed.clear()
                continue
            through = min(len(self.sealed), self.through + 100)
            facts = self.sealed[self.through : through]
            envelope = Envelope(station=self.station, first=self.through + 1, facts=facts, head=self._signed(through))
            before, tries = self.through, tries + 1
            self._write(packets.publish(f"cunhui/1/{self.shard}/{self.station}/facts", encode(envelope), mid=tries + 1))
            deadline = time.monotonic() + REPEAT_S * tries
            while self.through == before and self._welcomed.is_set() and time.monotonic() < deadline:
                self._news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            if self.through > before:
                tries = 0

    async def _greet(self) -> None:
        """Say births until one is welcomed."""
        waits = itertools.chain(WELCOME_S, itertools.repeat(WELCOME_S[-1]))
        while not self._welcomed.is_set():
            self._write(packets.publish(f"cunhui/1/{self.shard}/{self.station}/birth", self._birth(), mid=_BIRTH))
            reason_code = await self._broker_said.get()
            wait_s = self.rng.uniform(*(BACK_OFF_S if reason_code else next(waits)))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._welcomed.wait(), wait_s)

    def _birth(self) -> bytes:
        birth = Birth(
            station=self.station,
            head=self._signed(len(self.sealed)),
            boot=self._boot,
            nonce=self._nonce,
            software="neighbour",
            twin_version=0,
        )
        return encode(birth)
