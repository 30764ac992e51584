"""Choose random moments in duty windows for a picture of the room, so that nobody can know when one is due.

There is no timetable that could be read or guessed. At every look chance alone decides (a Poisson process), so neither
the hour nor the last picture tells anything about the next one. Some windows have no picture.
"""

from collections.abc import Callable, Iterable
from datetime import date
from math import exp

from agent.clocking import duty
from agent.clocking.duty_dates import DateWindow, DutyDates
from protocol.facts import BlobAnnounced, Fact
from protocol.units import Moment

MOST_PER_WINDOW = 2
MEAN_PER_WINDOW = 1.0
"""Without `MOST_PER_WINDOW`; with it the mean is 0.9. Of 100 windows 37 have no picture, 37 have one and 26 two."""
MAX_LOOK_MS = 60_000
"""At most this much time counts between two looks, so that a station that was busy or asleep does not take the missed
pictures all at once."""


class RandomMoments:
    """Decides at each look whether to take a picture now.

    A village has one room. If windows of several people overlap, a picture counts for each of them, and there is one
    only if none of them has had its share. The shortest window sets the rate.
    """

    def __init__(self, *, random: Callable[[], float]) -> None:
        """``random`` returns numbers from [0, 1), of the operating system so that nobody can predict them."""
        self._random = random
        self._taken: dict[tuple[str, date], int] = {}
        self._looked_ms: int | None = None

    def recall(self, facts: Iterable[Fact], dates: DutyDates) -> None:
        """Count the pictures that an earlier run took, so that after a restart no window gets more than its share."""
        for fact in facts:
            if isinstance(fact, BlobAnnounced) and fact.purpose == "random":
                self._count(duty.running(dates, fact.at.wall))

    def due(self, dates: DutyDates, now: Moment) -> bool:
        """Return whether to take a picture now. It then counts as taken."""
        looked_ms, self._looked_ms = self._looked_ms, now.mono
        running = duty.running(dates, now.wall)
        if looked_ms is None or not running:
            return False
        current = {(window.id, window.day) for window in running}
        self._taken = {key: count for key, count in self._taken.items() if key in current}
        if any(count >= MOST_PER_WINDOW for count in self._taken.values()):
            return False
        elapsed_ms = max(0, min(now.mono - looked_ms, MAX_LOOK_MS))
        window_ms = min(window.until - window.begin for window in running) * 60_000
        # The chance of at least one event in this time, for a Poisson process with so many events in a window.
        if self._random() >= 1 - exp(-MEAN_PER_WINDOW * elapsed_ms / window_ms):
            return False
        self._count(running)
        return True

    def _count(self, running: Iterable[DateWindow]) -> None:
        for window in running:
            key = (window.id, window.day)
            self._taken[key] = self._taken.get(key, 0) + 1
