"""What a place needs that is opened at home, or made again there."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from kiosk_tui.clock import RunningClock
from kiosk_tui.places.room import Room
from protocol.kiosk import Home, ToAgent


@dataclass(frozen=True, slots=True)
class Opening:
    """What home shows, the time that goes on, and the way to the agent."""

    home: Home
    clock: RunningClock
    say: Callable[[ToAgent], None]
    room: Room
    """How much fits the screen."""


def without_time(home: Home) -> Home:
    """Return what home shows without the time, which the running clock tells.

    Two homes that look alike are equal values then, and nothing is drawn again.
    """
    return msgspec.structs.replace(home, wall=0)


def meets(home: Home) -> bool:
    """Tell whether a meeting is near: people come and look how many there are."""
    return any(line.count is not None for line in home.meetings)
