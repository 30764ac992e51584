"""The way between a board and its county, in memory: one connection, on which anything may be lost at any moment.

It implements `agent.ports.Link`, and it is also the broker: it acknowledges each publish of the station and hands it to
the county, and the county's answers come back. TCP's order holds. If a connection breaks, the messages on their way are
lost.
"""

import random
from collections import deque
from dataclasses import dataclass
from typing import Literal

from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, JudgeAt
from protocol.topics import Up
from tests.proofs.rollback.county import County

type Event = LinkUp | LinkDown | MessageCame | Delivered

NOBODY_LISTENS = 0x10
"""MQTT 5.0, 3.4.2.1: no matching subscribers."""


@dataclass(frozen=True)
class Sent:
    leaf: Up
    payload: bytes
    qos: int
    ticket: int


class Way:
    """Messages that the uplink publishes wait here for `carry`; events for the uplink wait in ``events``."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.sent: deque[Sent] = deque()
        self._attempt = 0
        self._ticket = 0
        self._open = False
        self._will = b""

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        self.disconnect()
        self._attempt, self._open, self._will = attempt, True, will
        self.events.append(LinkUp(attempt))

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        if not self._open:
            raise DeviceError("the connection is gone")
        self._ticket += 1
        self.sent.append(Sent(leaf, payload, qos, self._ticket))
        return self._ticket

    def disconnect(self) -> None:
        self.events.clear()
        self.sent.clear()
        self._open = False

    def bytes_moved(self) -> tuple[int, int]:
        return (0, 0)

    def bytes_billed(self) -> int:
        return 0

    def cut(self, county: County) -> None:
        """Break the connection; the broker publishes the will."""
        if self._open:
            self.disconnect()
            self.events.append(LinkDown(self._attempt, "cut"))
            county.hear("gone", self._will)

    def carry(self, county: County, *, mono_ms: int, chance: random.Random | None) -> bool:
        """Bring the first message that was sent to the county, and its answers back. With ``chance`` something may go
        wrong on the way.

        Returns:
            Whether the connection still holds.
        """
        luck = chance.random() if chance else 1.0
        sent = self.sent.popleft()
        if luck < 0.05:
            self.cut(county)
            return False
        if luck < 0.11 and sent.qos == 1:  # nobody listens, or the worker was killed while it had the message
            self.events.append(Delivered(self._attempt, sent.ticket, NOBODY_LISTENS if luck < 0.08 else 0))
            return True
        answers = county.hear(sent.leaf, sent.payload)
        if luck < 0.16:
            self.cut(county)
            return False
        if sent.qos == 1:
            self.events.append(Delivered(self._attempt, sent.ticket, 0))
        times = 0 if luck < 0.21 else 2 if luck < 0.26 else 1
        for leaf, payload in list(answers) * times:
            self.events.append(MessageCame(self._attempt, leaf, payload, False, mono_ms))
        return True
