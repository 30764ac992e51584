"""What a place needs that is opened at home, or made again there."""

from collections.abc import Callable
from dataclasses import dataclass

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
