"""One answered touch on the screen: how long it stays, and the ten seconds in which its direction can be changed."""

from collections.abc import Callable

from kiosk_tui import words
from kiosk_tui.clock import MonoMs
from kiosk_tui.keys import Key, digit
from kiosk_tui.views import Correction, TouchView
from protocol.kiosk import ChooseDirection, Sorry, ToAgent, TouchShown
from protocol.units import Direction

CORRECTION_MS = 10_000
STAY_MS = 6_000
NOTE_STAY_MS = 3_000
REPEATABLE_MS = 120_000
"""How long `*` still shows a result again; later it is nobody else's business."""


class TouchPanel:
    """The newest touch, over whatever was on the screen."""

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None]) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._touch: TouchShown | None = None
        self._came = 0
        self._until = 0
        self._note = ""
        self._correcting = False

    @property
    def correcting(self) -> bool:
        """Whether the agent still owes the answer to a correction."""
        return self._correcting

    def show(self, touch: TouchShown) -> None:
        """Show a touch at once, in place of an earlier one."""
        self._note = words.CORRECTED if self._correcting and touch.answer == "recorded" else ""
        self._correcting = False
        self._touch = touch
        self._came = self._mono_ms()
        self._until = self._came + (CORRECTION_MS if touch.touch is not None and not self._note else STAY_MS)

    def view(self) -> TouchView | None:
        """Return the touch while it is to be seen."""
        if self._touch is None or self._mono_ms() >= self._until:
            return None
        return TouchView(self._touch, self._correction(), self._note)

    def key(self, key: Key) -> None:
        """Take a key while the touch is shown: a direction, or away with it."""
        correction = self._correction()
        direction = dict(correction.choices).get(digit(key) or 0) if correction else None
        if direction is not None:
            self._choose(direction)
        elif key in ("0", "enter"):
            self._until = self._mono_ms()

    def sorry(self, sorry: Sorry) -> None:
        """Say that the direction stayed as it was."""
        self._correcting = False
        self._note = words.SORRY[sorry.reason]
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)

    def agent_away(self) -> None:
        """Give up waiting for an answer that no longer comes."""
        if self._correcting:
            self.sorry(Sorry(reason="not_recorded"))

    def repeat(self) -> bool:
        """Show the last result again, without its correction; False when there is none that is recent."""
        now = self._mono_ms()
        if self._touch is None or now - self._came > REPEATABLE_MS:
            return False
        self._until = max(self._until, now + STAY_MS)
        return True

    def _correction(self) -> Correction | None:
        left = self._came + CORRECTION_MS - self._mono_ms()
        if self._touch is None or self._touch.touch is None or left <= 0 or self._correcting or self._note:
            return None
        return Correction(-(-left // 1000), _choices(self._touch.direction))

    def _choose(self, direction: Direction) -> None:
        assert self._touch is not None
        assert self._touch.touch is not None
        self._correcting = True
        self._note = words.CORRECTING
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)
        self._say(ChooseDirection(touch=self._touch.touch, direction=direction))


def _choices(direction: Direction | None) -> tuple[tuple[int, Direction], ...]:
    if direction is None:
        return ((1, "in"), (2, "out"))
    return ((1, "out"),) if direction == "in" else ((1, "in"),)
