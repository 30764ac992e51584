"""The link to the broker without a network."""

from dataclasses import dataclass
from typing import Literal

from agent.ports import DeviceError, JudgeAt
from protocol.topics import Up


@dataclass
class Published:
    leaf: Up
    payload: bytes
    qos: int
    ticket: int


class FakeLink:
    """Implements `agent.ports.Link`. The test plays the broker."""

    def __init__(self) -> None:
        self.attempts: list[tuple[int, int, bytes]] = []
        self.judged_at: list[JudgeAt] = []
        self.endpoints: list[int] = []
        self.sent: list[Published] = []
        self.is_open = False
        self.hung_up = 0
        self.acknowledged = 0

    def acknowledge(self) -> None:
        """The other side's TCP has acknowledged everything that was sent."""
        self.acknowledged = sum(len(sent.payload) for sent in self.sent)

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        self.judged_at.append(judge_at)
        self.endpoints.append(endpoint)
        self.attempts.append((attempt, keepalive_s, will))
        self.is_open = True

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        if not self.is_open:
            raise DeviceError("the connection is gone")
        ticket = len(self.sent) + 1
        self.sent.append(Published(leaf, payload, qos, ticket))
        return ticket

    def disconnect(self) -> None:
        self.is_open = False
        self.hung_up += 1

    def bytes_moved(self) -> tuple[int, int]:
        return (self.acknowledged, 0)

    def bytes_billed(self) -> int:
        return 0
