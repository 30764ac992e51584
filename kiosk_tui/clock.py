"""The kiosk's clock: it takes the agent's time and counts on by the monotonic clock until the agent's next message."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from protocol.china_time import china_time, milliseconds
from protocol.units import WallMs

type MonoMs = Callable[[], int]


def boot_time_ms() -> int:
    """Return milliseconds of CLOCK_BOOTTIME, which goes on through sleep."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def village_time(wall: WallMs) -> datetime:
    """Return ``wall`` as the village reads it; a time beyond the year 9998 becomes that year's last day."""
    # Python's dates end with the year 9999, while the wire carries any number that fits.
    latest = datetime(9998, 12, 31, tzinfo=UTC)
    return china_time(min(wall, milliseconds(latest)))


class RunningClock:
    """Counts on from the time that the agent sent last."""

    def __init__(self, mono_ms: MonoMs) -> None:
        self._mono_ms = mono_ms
        self._wall = 0
        self._told_at = mono_ms()

    def told(self, wall: WallMs) -> None:
        """Take the agent's time as now."""
        self._wall = wall
        self._told_at = self._mono_ms()

    def minute(self) -> WallMs:
        """Return the wall time now, rounded down to a minute."""
        now = self._wall + self._mono_ms() - self._told_at
        return now - now % 60_000
