"""What a place needs that is opened at home or in a visit, or made again there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import msgspec

from kiosk_tui.clock import RunningClock, village_time
from kiosk_tui.places.room import Room
from protocol.kiosk import Home, ToAgent
from protocol.units import DATED_QUALITIES


@dataclass(frozen=True, slots=True)
class Opening:
    """What home shows, the time that goes on, and the way to the agent."""

    home: Home
    clock: RunningClock
    say: Callable[[ToAgent], None]
    room: Room
    """How much fits the screen."""

    @property
    def today(self) -> date | None:
        """The day in the village; None where it is not known."""
        dated = self.home.quality in DATED_QUALITIES
        return village_time(self.clock.minute()).date() if dated else None


def without_time(home: Home) -> Home:
    """Return what home shows without the time, which the running clock tells.

    Two homes that look alike are equal values then, and nothing is drawn again.
    """
    return msgspec.structs.replace(home, wall=0)


def meets(home: Home) -> bool:
    """Tell whether a meeting is near: people come and look how many there are."""
    return any(line.count is not None for line in home.meetings)
