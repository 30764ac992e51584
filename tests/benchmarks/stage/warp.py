"""A station's time that runs faster while nothing happens, and as fast as the county's while an exchange is under way.

Nothing in the product knows about it: the station is built from its real parts with this clock and this inbox.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paho.mqtt import client as paho

from agent.drivers import mqtt_connection as link
from agent.drivers.system_clock import LinuxClock
from agent.events import Event
from agent.inbox import Inbox
from agent.timekeeping.clock import StationClock
from protocol.facts import Fact

HOLD_S = 0.2
"""How long after an event of the link time still runs as fast as the county's."""
_SLICE_S = 0.005


class Warp:
    """Nanoseconds since boot, ``factor`` times as fast as the machine's unless it is held. Thread-safe."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self._lock = threading.Lock()
        self._real = _boottime_ns()
        self._now = self._real
        self._held_until = self._real

    def now_ns(self) -> int:
        """Return the station's time."""
        with self._lock:
            self._advance()
            return self._now

    def ahead_ms(self) -> int:
        """Return how far the station's time is ahead of the machine's."""
        with self._lock:
            self._advance()
            return (self._now - self._real) // 1_000_000

    def hold(self) -> None:
        """Something is under way: run as fast as the machine for a moment."""
        with self._lock:
            self._advance()
            self._held_until = self._real + int(HOLD_S * 1e9)

    def _advance(self) -> None:
        real = _boottime_ns()
        slow = max(0, min(real, self._held_until) - self._real)
        self._now += slow + (real - self._real - slow) * self.factor
        self._real = real

    @contextmanager
    def in_paho(self) -> Iterator[None]:
        """Give the MQTT library this time for its keep-alive, and give the link's loop turns as short as this time
        needs."""
        before = paho.time_func, link.LOOP_S
        paho.time_func = lambda: self.now_ns() / 1e9
        link.LOOP_S = link.LOOP_S / self.factor
        try:
            yield
        finally:
            paho.time_func, link.LOOP_S = before


class WarpedSystem(LinuxClock):
    """The machine's clocks in the station's time. There is no time service: only the county tells the time."""

    def __init__(self, warp: Warp) -> None:
        super().__init__()
        self._warp = warp

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as far ahead as the rest."""
        return super().wall_ms() + self._warp.ahead_ms()

    def mono_ms(self) -> int:
        """Milliseconds since boot in the station's time."""
        return self._warp.now_ns() // 1_000_000

    def ntp_synced(self) -> bool:
        """Never."""
        return False


class WarpedClock(StationClock):
    """The station's clock. The county's time is moved ahead as far as the station's time is."""

    def __init__(self, warp: Warp, *, build_ms: int) -> None:
        super().__init__(system=WarpedSystem(warp), build_ms=build_ms)
        self._warp = warp

    def take_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> list[Fact]:
        """As `StationClock.take_county_time`."""
        wall_ms += self._warp.ahead_ms()
        return super().take_county_time(
            wall_ms, asked_mono_ms=asked_mono_ms, answered_mono_ms=answered_mono_ms, clock_run=clock_run
        )


class WarpedInbox(Inbox):
    """The core's inbox. Its waits are in the station's time, and every event holds that time."""

    def __init__(self, warp: Warp) -> None:
        super().__init__()
        self._warp = warp
        self.busy: Callable[[], bool] = lambda: True
        """Whether an exchange with the county is under way; for the core's thread only."""

    def put(self, event: Event) -> None:
        """As `Inbox.put`."""
        self._warp.hold()
        super().put(event)

    def get(self, *, timeout_s: float) -> Event | None:
        """As `Inbox.get`."""
        deadline = self._warp.now_ns() + timeout_s * 1e9
        while True:
            if self.busy():
                self._warp.hold()
            event = super().get(timeout_s=min(_SLICE_S, timeout_s))
            if event is not None or self._warp.now_ns() >= deadline:
                return event


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
