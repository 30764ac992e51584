"""When and where to connect, how long to wait for it, and when a connection that is up is better given up.

At most one attempt is under way. A touch brings the next one forward, but no storm of touches makes
a station hammer on a dead broker.
"""

from collections.abc import Callable
from typing import Literal

from agent.uplink.backoff import Backoff
from agent.uplink.broker_endpoints import BrokerEndpoints

DUTY_KEEPALIVE_S = 60
REST_KEEPALIVE_S = 240

URGENT_EVERY_MS = 5_000
"""A touch brings an attempt forward at most this often."""
ATTEMPT_MS = 45_000
"""An attempt that has said nothing for this long is given up."""
STABLE_MS = 60_000
"""A connection that held this long ends the trouble: its loss is a new one."""
SILENCE_MS = 90_000
"""So long may the other side say nothing while something waits for it."""
REDIAL_SPREAD_MS = 60_000
"""Stations that change their keep-alive at the same hour do so spread over this time."""

type DialState = Literal["down", "dialling", "up"]


class Reconnector:
    """Attempts, numbered from 1, and their waits."""

    def __init__(self, *, mono_ms: Callable[[], int], jitter: Callable[[], float], doors: BrokerEndpoints) -> None:
        self._mono_ms = mono_ms
        self._jitter = jitter
        self._doors = doors
        self.door = 0
        self._backoff = Backoff(jitter)
        self.state: DialState = "down"
        self.attempt = 0
        self.keepalive_s = 0
        self._began_ms: int | None = None
        self._up_ms = 0
        self._due_ms = mono_ms()
        self._redial_ms: int | None = None

    @property
    def failed_before(self) -> bool:
        """Whether attempts have failed since a connection last held."""
        return self._backoff.troubled

    @property
    def due_ms(self) -> int | None:
        """When to connect or to give an attempt up; None while a connection is up and is to stay."""
        return self._redial_ms if self.state == "up" else self._due_ms

    @property
    def due(self) -> bool:
        """Whether that time has come."""
        return self.due_ms is not None and self._mono_ms() >= self.due_ms

    def begin(self, *, in_duty: bool) -> None:
        """Count a new attempt, its keep-alive by whether a duty window is open."""
        now = self._mono_ms()
        self.attempt += 1
        self.door = self._doors.choose()
        self.state = "dialling"
        self.keepalive_s = DUTY_KEEPALIVE_S if in_duty else REST_KEEPALIVE_S
        self._began_ms = now
        self._due_ms = now + ATTEMPT_MS

    def up(self) -> None:
        """The attempt came up."""
        self._doors.worked()
        self.state = "up"
        self._up_ms = self._mono_ms()
        self._redial_ms = None

    def down(self) -> None:
        """The attempt failed or the connection ended: wait."""
        now = self._mono_ms()
        if self.state == "up" and now - self._up_ms >= STABLE_MS:
            self._backoff.over()
        if self.state == "dialling":
            self._doors.failed()
        self.state = "down"
        self._due_ms = now + self._backoff.wait_ms(now)

    def again(self) -> None:
        """The connection was ended by us in good order: connect again without a wait."""
        self.state = "down"
        self._due_ms = self._mono_ms()

    def urgent(self) -> None:
        """Something new waits to be sent: try now, unless that was just tried."""
        if self.state != "down":
            return
        earliest = self._mono_ms() if self._began_ms is None else self._began_ms + URGENT_EVERY_MS
        self._due_ms = min(self._due_ms, max(earliest, self._mono_ms()))

    def stay(self) -> None:
        """Not now: keep the connection, and plan its replacement anew when there is rest."""
        self._redial_ms = None

    def held(self) -> None:
        """Note while a connection is up and agreed; one that holds ends the trouble."""
        if self._backoff.troubled and self.state == "up" and self._mono_ms() - self._up_ms >= STABLE_MS:
            self._backoff.over()

    def suit(self, *, in_duty: bool) -> None:
        """Plan a new connection where the keep-alive no longer suits the hour (MQTT 5.0 fixes it at connect)."""
        wanted = DUTY_KEEPALIVE_S if in_duty else REST_KEEPALIVE_S
        if self.state != "up" or wanted == self.keepalive_s:
            self._redial_ms = None
        elif self._redial_ms is None:
            self._redial_ms = self._mono_ms() + int(self._jitter() * REDIAL_SPREAD_MS)
