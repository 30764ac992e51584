"""Do something only so often in a time, because each fact costs disk and data."""

from collections import deque

from agent.timekeeping.clock import StationClock
from protocol.units import Moment


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


class Allowance:
    """Says whether something may be done once more within a time. Used on the core thread only.

    It holds over restarts, if what was done before is recalled from the facts: pulling the plug gives nobody more.
    """

    def __init__(self, clock: StationClock, most: int, *, within_ms: int) -> None:
        self._clock = clock
        self._most = most
        self._within_ms = within_ms
        self._done_ms: deque[int] = deque()

    def is_used_up(self) -> bool:
        """Tell whether it was done so often that it must wait."""
        now = self._clock.mono_ms()
        while self._done_ms and now - self._done_ms[0] >= self._within_ms:
            self._done_ms.popleft()
        return len(self._done_ms) >= self._most

    def done(self) -> None:
        """Count it once."""
        self._done_ms.append(self._clock.mono_ms())

    def recall(self, at: Moment) -> None:
        """Count one that was done before this start, if it was within the time. Call it with the oldest first.

        A boot that does not know the time yet goes on from the last known one. So the time without power counts for
        nothing there, and a moment that seems to lie ahead counts as now.
        """
        ago = max(0, self._clock.wall_of(self._clock.now()) - self._clock.wall_of(at))
        if ago < self._within_ms:
            last = self._done_ms[-1] if self._done_ms else None
            done = self._clock.mono_ms() - ago
            self._done_ms.append(done if last is None else max(last, done))
