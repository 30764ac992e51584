"""Somebody who has a station's keys talks to the county's ingest: they can sign, publish and receive as any program
may."""

import os
import queue
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import msgspec

from protocol.birth import Welcome
from protocol.codec import encode
from protocol.envelope import Envelope
from protocol.facts import Fact
from protocol.receipts import Receipt
from protocol.topics import DOWN, Down, Up, topic
from tests.proofs.strangers.station import Board
from tests.proofs.strangers.visitor import Visitor
from tests.server_broker.station_double import StationDouble

RECEIPT_S = 5.0
"""How long a neighbour's receipt may take, whatever a stranger does meanwhile."""


READ_EVERY_S: dict[Up, float] = {"birth": 0.6, "vitals": 5.1, "reported": 5.1}
"""Of these the ingest reads one of a station in so long a time, and of those that wait meanwhile the newest."""
READ_AT_ONCE = 4
"""Of each other kind so many of a station may wait. What comes beyond them, the ingest lets go unread."""

WELCOME_S = 40.0
"""How long a birth is repeated. The ingest may be returning to a broker that was killed just before."""


class Speaker:
    """One connection of a board, with a stream of its own. A context manager: its end closes the connection."""

    def __init__(self, board: Board) -> None:
        self.station = board.station
        self.stream = StationDouble(id=board.station, key=board.record_key)
        self._visitor = Visitor(board.county.broker_port, board.station, tls=board.tls())
        self._next_at: dict[Up, float] = {}

    def __enter__(self) -> Self:
        if self._visitor.connect():
            for leaf in DOWN:
                self._visitor.subscribe(topic(shard=0, station=self.station, leaf=leaf))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._visitor.__exit__(kind, error, trace)

    def say(self, leaf: Up, payload: bytes) -> None:
        """Publish on one of its own topics, of `READ_EVERY_S` so slowly that each is read."""
        if leaf in READ_EVERY_S:
            time.sleep(max(0.0, self._next_at.get(leaf, 0.0) - time.monotonic()))
            self._next_at[leaf] = time.monotonic() + READ_EVERY_S[leaf]
        self._visitor.publish(topic(shard=0, station=self.station, leaf=leaf), payload)

    def is_welcomed(self) -> bool:
        """Send a birth, again if necessary, and return whether the county answered it."""
        until = time.monotonic() + WELCOME_S
        while time.monotonic() < until:
            nonce = os.urandom(16)
            self.say("birth", self.stream.birth(nonce=nonce).payload)
            # The answer to an earlier birth may come first, also to one of the connection before.
            for said in self._heard("welcome", within_s=RECEIPT_S):
                if msgspec.msgpack.decode(said, type=Welcome).nonce == nonce:
                    return True
        return False

    def is_receipted(self, *facts: Fact) -> bool:
        """Send further facts, and return whether a receipt for them came in time."""
        first = len(self.stream.sealed) + 1
        self.stream.add(*facts)
        return self.takes(self.stream.envelope(first))

    def takes(self, envelope: Envelope) -> bool:
        """Send an envelope, and return whether a receipt for all of it came in time."""
        self.say("facts", encode(envelope))
        for said in self._heard("receipt", within_s=RECEIPT_S):
            receipt = msgspec.msgpack.decode(said, type=Receipt)
            if receipt.epoch == envelope.head.epoch and receipt.through >= envelope.head.through:
                return True
        return False

    def _heard(self, leaf: Down, *, within_s: float) -> Iterator[bytes]:
        """Yield what `hear` returns, as often as it comes within a time."""
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0 and (said := self.hear(leaf, within_s=left)) is not None:
            yield said

    def hear(self, leaf: Down, *, within_s: float = RECEIPT_S) -> bytes | None:
        """Return the content of a signed document on one of its own topics; other messages are ignored."""
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0:
            try:
                name, raw = self._visitor.messages.get(timeout=left)
            except queue.Empty:
                return None
            if name.endswith(f"/{leaf}"):
                payload: bytes = msgspec.msgpack.decode(raw, type=tuple[int, bytes, bytes, bytes])[2]
                return payload
        return None


def altered(message: bytes, **changes: Any) -> bytes:
    """Return a message with other values, which nobody has checked."""
    return msgspec.msgpack.encode(msgspec.msgpack.decode(message) | changes)
