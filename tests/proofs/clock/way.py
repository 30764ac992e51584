"""The way between a station and its county. It takes time, and somebody hostile interferes with the county's signed
time.

It implements `agent.ports.Link`. Answers to births may come late, twice or not at all; they may belong to an earlier
connection, or be signed by somebody else. If certificates are judged by the machine's clock, a wrong clock makes them
fail on their dates.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.events import Delivered, Event, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, JudgeAt
from agent.timekeeping.clock import ANSWER_WITHIN_MS
from protocol.birth import NOT_TOLD, seal_welcome, unseal_welcome
from protocol.topics import Down, Up
from tests.proofs.clock.county import ClockCounty
from tests.proofs.clock.world import DAY_MS, World

VALID_FROM_MS = 1_577_836_800_000
"""2020-01-01: the county's certificates are back-dated to this day."""
VALID_FOR_MS = 12 * 365 * DAY_MS
WRONG_MS = 2_000
"""A time from the county that is wrong by more than this is misleading."""
MARGIN_MS = 100
"""If a round trip is closer than this to the limit for trusted time, the proof does not decide whether it counts."""


@dataclass(frozen=True)
class _Sent:
    leaf: Up
    payload: bytes
    qos: int
    ticket: int


class ClockWay:
    """``reachable`` says whether there is a network."""

    def __init__(
        self,
        world: World,
        county: ClockCounty,
        chance: random.Random,
        *,
        station: str,
        county_keys: Mapping[bytes, bytes],
        put: Callable[[Event], None],
    ) -> None:
        self._world = world
        self._county = county
        self._chance = chance
        self._station = station
        self._keys = county_keys
        self._put = put
        self._stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self._attempt = 0
        self._ticket = 0
        self._open = False
        self._births: list[int] = []
        self._welcomed = False
        self._kept_back: list[bytes] = []
        self.sent: deque[_Sent] = deque()
        self.reachable = False
        self.hostile = True

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        self.disconnect()
        self._attempt = attempt
        judged_ms = self._world.wall_ms() if judge_at == "system" else judge_at
        valid = judged_ms == "never" or VALID_FROM_MS <= judged_ms <= VALID_FROM_MS + VALID_FOR_MS
        if not self.reachable:
            self._put(LinkDown(attempt, "no network"))
        elif not valid:
            self._put(LinkDown(attempt, "certificate is not valid now", dates_refused=True))
        else:
            self._open, self._births, self._welcomed = True, [], False
            self._put(LinkUp(attempt))

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        if not self._open:
            raise DeviceError("the connection is gone")
        self._ticket += 1
        if leaf == "birth":
            self._births.append(self._world.true_ms)
        self.sent.append(_Sent(leaf, payload, qos, self._ticket))
        return self._ticket

    def disconnect(self) -> None:
        self.sent.clear()
        self._open = False

    def bytes_moved(self) -> tuple[int, int]:
        return (0, 0)

    def bytes_billed(self) -> int:
        return 0

    def lose(self) -> None:
        """The network goes away, or comes back."""
        if self._open:
            self.disconnect()
            self._put(LinkDown(self._attempt, "cut"))

    def carry(self) -> None:
        """Bring the first message that was sent to the county, and its answers back."""
        sent = self.sent.popleft()
        self._pass(self._chance.randint(5, 400))
        answers = self._county.hear(sent.leaf, sent.payload)
        if sent.qos == 1:
            self._put(Delivered(self._attempt, sent.ticket, 0))
        for leaf, payload in answers:
            if leaf == "welcome":
                self._welcome(payload)
            else:
                self._pass(self._chance.randint(5, 200))
                self._deliver(leaf, payload)

    def _welcome(self, payload: bytes) -> None:
        luck = self._chance.random() if self.hostile else 1.0
        events = self._world.events
        if luck < 0.12 and self._kept_back:
            events.append("welcome_replayed")
            self._deliver("welcome", self._chance.choice(self._kept_back))
        elif luck < 0.2:
            events.append("welcome_forged")
            self._deliver("welcome", self._forged(payload))
        self._kept_back.append(payload)
        if 0.2 <= luck < 0.26:
            events.append("welcome_lost")
            return
        late = 0.26 <= luck < 0.4
        events.extend(["welcome_late"] if late else [])
        self._pass(self._chance.randint(2_000, 15_000) if late else self._chance.randint(5, 1_200))
        self._note(payload)
        self._deliver("welcome", payload)
        if 0.4 <= luck < 0.5:
            events.append("welcome_twice")
            self._pass(self._chance.randint(100, 60_000))
            self._deliver("welcome", payload)

    def _forged(self, payload: bytes) -> bytes:
        welcome = unseal_welcome(payload, station=self._station, public_keys=self._keys)
        return seal_welcome(self._stranger, msgspec.structs.replace(welcome, wall=welcome.wall + DAY_MS))

    def _note(self, payload: bytes) -> None:
        """Note in the world a genuine answer, whether it surely counts, and whether the county's time was wrong."""
        wall_ms = unseal_welcome(payload, station=self._station, public_keys=self._keys).wall
        first, self._welcomed = not self._welcomed, True
        if wall_ms == NOT_TOLD:
            self._world.events.append("untold")
            return
        boot = self._world.boot
        boot.heard = True
        trip_ms = self._world.true_ms - self._births[0]
        wrongly = abs(wall_ms - self._world.true_ms) > WRONG_MS + trip_ms
        if wrongly:
            boot.misled = True
            self._world.events.append("told_wrongly")
            self._world.told_in_doubt += self._county.doubtful
        if first and len(self._births) == 1 and trip_ms <= ANSWER_WITHIN_MS - MARGIN_MS:
            self._world.county_told(wrongly=wrongly)

    def _deliver(self, leaf: Down, payload: bytes) -> None:
        self._put(MessageCame(self._attempt, leaf, payload, False, self._world.mono_ms()))

    def _pass(self, ms: int) -> None:
        self._world.true_ms += ms
