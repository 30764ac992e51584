"""Boards that send while their stations move from one shard to another. They go by receipts, as stations do."""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence

from protocol.codec import decode, encode
from protocol.envelope import Envelope
from protocol.receipts import Receipt
from protocol.signing import Signed
from protocol.topics import Topic, parse, topic
from server_broker.platform.shards import SHARDS
from tests.benchmarks.county.light_client import LightClient, connected
from tests.benchmarks.county.presigned import PresignedStation

_OUT = 4
"""Envelopes of a board that wait for a receipt."""
_SAID_AGAIN_S = 1.0
_LAST_MID = 60_000


class Board:
    """One station's sender."""

    def __init__(self, station: PresignedStation, envelopes: Sequence[Envelope]) -> None:
        self.station = station
        self.shard = station.shard
        self.through = 0
        self.welcome = False
        """Whether its birth in this shard is answered."""
        self._envelopes = [(one.head.through, encode(one)) for one in envelopes]
        self._sent = 0
        self._at = 0.0
        self._born = 0.0
        self._birth = station.birth()

    @property
    def has_all(self) -> bool:
        """Whether it is welcome where it speaks, and all its facts are receipted."""
        return self.welcome and self.through == self._envelopes[-1][0]

    def birth(self) -> tuple[str, bytes]:
        """Return the birth with which it begins to speak in its shard."""
        self.welcome = False
        # What it has no receipt for goes out anew on the new connection.
        self._sent, self._at, self._born = 0, 0.0, time.monotonic()
        return topic(shard=self.shard, station=self.station.id, leaf="birth"), encode(self._birth)

    def due(self) -> list[tuple[str, bytes]]:
        """Return what it sends now."""
        now = time.monotonic()
        if not self.welcome and now - self._born > _SAID_AGAIN_S:
            return [self.birth()]
        received = sum(last <= self.through for last, _ in self._envelopes)
        self._sent = max(self._sent, received)
        if now - self._at > _SAID_AGAIN_S:
            self._sent = received
        chosen = self._envelopes[self._sent : received + _OUT]
        if chosen:
            self._sent, self._at = received + _OUT, now
        name = topic(shard=self.shard, station=self.station.id, leaf="facts")
        return [(name, payload) for _, payload in chosen]

    def hear(self, at: Topic, payload: bytes) -> None:
        """Take what the county says. What comes in another shard than its own it would not hear."""
        if at.shard != self.shard:
            return
        if at.leaf == "welcome":
            self.welcome = True
        else:
            self.through = max(self.through, decode(decode(payload, Signed).payload, Receipt).through)


class Fleet:
    """All boards, over one connection to a broker that lets anybody in."""

    def __init__(self, port: int, boards: Sequence[Board], *, seed: int) -> None:
        self._port = port
        self._boards = {board.station.id: board for board in boards}
        self._chance = random.Random(seed)
        self._mids = itertools.cycle(range(1, _LAST_MID))
        self._client: LightClient | None = None
        self.moves = 0

    @property
    def share_done(self) -> float:
        """How many boards have all their receipts, as a share."""
        return sum(board.has_all for board in self._boards.values()) / len(self._boards)

    async def run(self, *, moves_each: int) -> None:
        """Send everything. Meanwhile each board moves so often to a shard that it draws."""
        self._client = await connected(self._port, "boards", ["cunhui/1/+/+/receipt", "cunhui/1/+/+/welcome"])
        self._client.on_message = self._heard
        left = dict.fromkeys(self._boards, moves_each)
        for board in self._boards.values():
            self._publish(*board.birth())
        while self.share_done < 1:
            for name, board in self._boards.items():
                # Half of the moves come while it still sends, the others wherever chance has them.
                if left[name] and self._chance.random() < 0.2:
                    left[name] -= 1
                    self._move(board)
                for message in board.due():
                    self._publish(*message)
            await asyncio.sleep(0.05)
        self._client.close()

    def _move(self, board: Board) -> None:
        board.shard = self._chance.randrange(SHARDS)
        self.moves += 1
        self._publish(*board.birth())

    def _heard(self, name: str, payload: bytes) -> None:
        at = parse(name)
        self._boards[at.station].hear(at, payload)

    def _publish(self, name: str, payload: bytes) -> None:
        assert self._client is not None
        self._client.publish(name, payload, mid=next(self._mids))
