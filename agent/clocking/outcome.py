"""What the screen says of a touch, by card or by number: its owner's, or one that was not recorded."""

from collections.abc import Sequence
from typing import Literal

from agent.clocking.touch_history import RememberedTouch, TouchHistory
from agent.storage.errors import StorageError, StorageFull
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.kiosk import Lacking, Missing, TouchShown
from protocol.units import Moment

type Problem = Literal["disk_full", "disk_error", "bad_card", "too_fast", "cards_flood"]
"""What the kiosk says beside a red light."""


class Outcomes:
    """Makes the screens. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, twin: Twin, history: TouchHistory) -> None:
        self._clock = clock
        self._twin = twin
        self._history = history

    def recorded(
        self, seen: RememberedTouch, person: str, now: Moment, *, correctable: RememberedTouch | None = None
    ) -> TouchShown:
        """Return the screen for the owner of a recorded touch.

        Args:
            seen: The touch that counts: a repeat shows the time and direction of the touch that it repeats.
            correctable: As in `TouchHistory.lacking`.
        """
        lacking = self._history.lacking(person, now, correctable=correctable)
        return TouchShown(
            colour="green",
            answer="recorded",
            name=self._twin.name_of(person),
            village=self._twin.village_of(person),
            direction=seen.direction,
            wall=self._clock.wall_of(seen.at),
            # What this boot learnt of the time since dates its own touches too, and no earlier boot's.
            quality=now.quality if seen.boot == now.boot else seen.quality,
            missing=missing(lacking),
            lacking=lacking,
            complete=not lacking and self._history.is_complete(person, now),
        )

    def not_recorded(self, problem: Problem) -> TouchShown:
        """Return the red screen."""
        now = self._clock.now()
        return TouchShown(colour="red", answer="not_recorded", problem=problem, wall=now.wall, quality=now.quality)


def missing(lacking: Sequence[Lacking]) -> list[Missing]:
    """Return what a person should have done by now. A window that has not opened yet lacks nothing."""
    return list(dict.fromkeys(lack.mark for lack in lacking if lack.when != "later"))


def disk_problem(error: StorageError) -> Literal["disk_full", "disk_error"]:
    """Return what the kiosk says if the disk did not take a touch."""
    return "disk_full" if isinstance(error, StorageFull) else "disk_error"
