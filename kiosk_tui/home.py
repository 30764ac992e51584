"""Home, the place that everything returns to: the duty board, whose pages turn, and the ways from here."""

from collections.abc import Callable

import msgspec

from kiosk_tui.clock import MonoMs, RunningClock
from kiosk_tui.documents import Documents
from kiosk_tui.entry import SignIn
from kiosk_tui.keys import Key
from kiosk_tui.lesson import Lesson
from kiosk_tui.places import Move
from kiosk_tui.room import Room
from kiosk_tui.views import HomeView
from protocol.kiosk import Home, ToAgent, ToKiosk

TURN_MS = 8_000
"""How long a page of the duty board stands before the next one comes by itself."""


class HomePlace:
    """The place under all others."""

    personal = running = types_digits = False

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None], room: Room) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._room = room
        self._clock = RunningClock(mono_ms)
        self._home: Home | None = None
        self._turned_at = mono_ms()
        self._turn = 0

    @property
    def known(self) -> bool:
        """Whether the agent has ever said what home shows."""
        return self._home is not None

    @property
    def said(self) -> Home | None:
        """What the agent said last that home shows."""
        return self._home

    def view(self) -> HomeView:
        """Return home as it is now."""
        assert self._home is not None
        return HomeView(self._home, self._clock.minute(), self._turns())

    def key(self, key: Key) -> Move:
        """Open learning with 1, sign in with 2 if that is allowed here, turn the board's page with Enter."""
        if key == "1":
            return self._lesson()
        if key == "2" and self._home is not None and self._home.number_sign_in:
            return SignIn(say=self._say)
        if key == "4":
            return Documents(say=self._say, room=self._room)
        if key == "enter":
            self._turn = self._turns() + 1
            self._turned_at = self._mono_ms()
        return "stay"

    def _lesson(self) -> Lesson:
        lesson = Lesson(say=self._say)
        if self._home is not None:
            lesson.agent_said(self._home)
        return lesson

    def agent_said(self, message: ToKiosk) -> None:
        """Take what home shows."""
        if isinstance(message, Home):
            self._clock.told(message.wall)
            # The clock tells the time from here on. Without the time, two homes that look alike are equal values, and
            # nothing is drawn again.
            self._home = msgspec.structs.replace(message, wall=0)

    def agent_away(self) -> None:
        """Home comes back with the agent."""

    def begin_board_at(self, mono_ms: int) -> None:
        """Have the duty board show its first page at a time to come."""
        self._turn, self._turned_at = 0, mono_ms

    def _turns(self) -> int:
        return self._turn + max(0, self._mono_ms() - self._turned_at) // TURN_MS
