"""Choose random moments of duty windows for a picture of the room, so that nobody can tell when one is due.

There is no timetable that could be read or guessed: at every look chance alone decides (a Poisson process), so neither
the hour nor the picture before tells anything about the next one. Some windows have none.
"""

from collections.abc import Callable, Iterable
from datetime import date
from math import exp

from agent.clocking import duty
from agent.twin import EffectiveState
from protocol.facts import BlobAnnounced, Fact
from protocol.units import Moment

MOST_PER_WINDOW = 2
MEAN_PER_WINDOW = 1.0
"""Without the limit; with it, 0.9. 37 of 100 windows have no picture, 37 one, 26 two."""
MAX_LOOK_MS = 60_000
"""Time that counts between two looks at most: a station that was busy or asleep makes up for nothing."""


class RandomMoments:
    """Says at each look whether this is a moment. A village where windows overlap is one room: the tightest counts."""

    def __init__(self, *, random: Callable[[], float]) -> None:
        """``random`` returns numbers from [0, 1); of the operating system, where people may watch."""
        self._random = random
        self._taken: dict[tuple[str, date], int] = {}
        self._looked_ms: int | None = None

    def recall(self, facts: Iterable[Fact], desired: EffectiveState) -> None:
        """Count what an earlier run took, so that a restart gives no window more than its share."""
        for fact in facts:
            if isinstance(fact, BlobAnnounced) and fact.purpose == "random":
                self._count(duty.running(desired, fact.at.wall))

    def due(self, desired: EffectiveState, now: Moment) -> bool:
        """Return whether a picture is to be taken now, which then counts as taken."""
        looked_ms, self._looked_ms = self._looked_ms, now.mono
        running = duty.running(desired, now.wall)
        if looked_ms is None or not running or not self._room(running):
            return False
        elapsed_ms = max(0, min(now.mono - looked_ms, MAX_LOOK_MS))
        window_ms = min(span.end - span.start for span in running) * 60_000
        if self._random() >= 1 - exp(-MEAN_PER_WINDOW * elapsed_ms / window_ms):
            return False
        self._count(running)
        return True

    def _room(self, running: list[duty.Span]) -> bool:
        current = {(span.window.id, span.day) for span in running}
        self._taken = {key: count for key, count in self._taken.items() if key in current}
        return all(count < MOST_PER_WINDOW for count in self._taken.values())

    def _count(self, running: list[duty.Span]) -> None:
        for span in running:
            key = (span.window.id, span.day)
            self._taken[key] = self._taken.get(key, 0) + 1
