"""Do something at most once in a time, because each fact costs disk and data."""

from agent.timekeeping.clock import StationClock


class Spacing:
    """Says when it may be done again. Used on the core thread only."""

    def __init__(self, clock: StationClock, every_ms: int) -> None:
        self._clock = clock
        self._every_ms = every_ms
        self._last_ms: int | None = None

    def is_due(self) -> bool:
        """Return True, and begin a new wait, if the last True is long enough ago."""
        now = self._clock.mono_ms()
        if self._last_ms is not None and now - self._last_ms < self._every_ms:
            return False
        self._last_ms = now
        return True

    def forget(self) -> None:
        """Let it be done again at once, because it failed."""
        self._last_ms = None
