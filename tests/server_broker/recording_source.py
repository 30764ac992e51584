"""A `Source` in memory: hands out what a test puts in, and keeps what the worker publishes and acknowledges."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocol.codec import decode
from protocol.receipts import Receipt
from protocol.signing import Signed
from server_broker.broker.refusals import BrokerRefusals
from server_broker.ingest.inbox import Precedence, precedence_of
from server_broker.ingest.messages import Incoming


@dataclass
class RecordingSource:
    """``before_publish`` sees each message before it counts as published; it may raise to play a crash."""

    waiting: deque[Incoming] = field(default_factory=deque)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    acknowledged: list[Incoming] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    before_publish: Callable[[str], None] = lambda topic: None
    connected: bool = True
    charged: dict[str, float] = field(default_factory=dict)
    at_once: dict[str, int] = field(default_factory=dict)
    """How many messages of a station are handed out at once, of those that were put back."""
    beyond: dict[str, int] = field(default_factory=dict)
    """What `let_go` tells next."""
    refused: dict[str, BrokerRefusals] = field(default_factory=dict)
    """What `refusals` tells next."""
    ended: list[str] = field(default_factory=list)
    _interrupted: bool = False

    def start(self) -> None: ...

    def connect(self) -> None:
        self.connected = self._interrupted = True

    def disconnect(self) -> None:
        self.connected, self._interrupted = False, True

    def interrupted(self) -> bool:
        was, self._interrupted = self._interrupted, False
        return was

    def stop(self) -> None: ...

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float, blobs: bool = True) -> list[Incoming]:
        left = deque[Incoming]()
        if not blobs:
            left.extend(one for one in self.waiting if precedence_of(one) is Precedence.BLOBS)
            self.waiting = deque(one for one in self.waiting if precedence_of(one) is not Precedence.BLOBS)
        drained, of = list[Incoming](), Counter[str]()
        for one in [self.waiting.popleft() for _ in range(min(max_messages, len(self.waiting)))]:
            of[one.station] += 1
            taken = of[one.station] <= self.at_once.get(one.station, max_messages)
            (drained if taken else left).append(one)
        self.waiting.extendleft(reversed(left))
        return drained

    def charge(self, station: str, seconds: float) -> None:
        self.charged[station] = self.charged.get(station, 0.0) + seconds

    def put_back(self, messages: Sequence[Incoming], *, most: int) -> None:
        self.waiting.extendleft(reversed(messages))
        self.at_once[messages[0].station] = most

    def let_go(self) -> dict[str, int]:
        told, self.beyond = self.beyond, {}
        return told

    def refusals(self) -> dict[str, BrokerRefusals]:
        told, self.refused = self.refused, {}
        return told

    def end_connection(self, station: str) -> None:
        self.ended.append(station)

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        self.before_publish(topic)
        self.log.append("publish")
        self.published.append((topic, payload))

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.log += ["acknowledge"] * len(messages)
        self.acknowledged += messages

    def receipts(self) -> list[Receipt]:
        payloads = [payload for topic, payload in self.published if topic.endswith("/receipt")]
        return [decode(decode(payload, Signed).payload, Receipt) for payload in payloads]
