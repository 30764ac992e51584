"""One answered touch on the screen: how long it stays, and how its owner corrects the direction.

The owner proves themselves by touching the card again; then two keys correct, on that touch's screen alone.
"""

from collections.abc import Callable

from kiosk_tui import words
from kiosk_tui.clock import MonoMs
from kiosk_tui.keys import BACK, Key, digit
from kiosk_tui.views import Correction, TouchView
from protocol.kiosk import ChooseDirection, Sorry, ToAgent, TouchShown
from protocol.units import Direction

STAY_MS = 6_000
NOTE_STAY_MS = 3_000
HARDLY_SEEN_MS = 2_000
"""A result that the next one replaces sooner is still named on the next one's screen."""
MAX_BEFORE = 3
REPEATABLE_MS = 120_000
"""How long `*` still shows a result again; later it is nobody else's business."""
_EITHER: tuple[tuple[int, Direction], ...] = ((7, "in"), (8, "out"))
"""Keys that choose nothing on any other screen."""


class TouchPanel:
    """The newest touch, over whatever was on the screen."""

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None]) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._touch: TouchShown | None = None
        self._before: tuple[TouchShown, ...] = ()
        self._came = 0
        self._until = 0
        self._shown = 0
        self._note = ""
        self._chosen: Direction | None = None
        self._correcting = False
        self._correctable = False

    def show(self, touch: TouchShown) -> None:
        """Show a touch at once, in place of an earlier one."""
        now = self._mono_ms()
        self._before = self._hardly_seen(touch, now)
        self._note = words.CORRECTED if touch.corrected else ""
        self._chosen, self._correcting = None, False
        self._correctable = touch.choose_within_ms > 0
        self._touch, self._came = touch, now
        stay = max(STAY_MS, touch.again_within_ms)
        if touch.choose_within_ms:  # and some seconds more, to say what can be done when that is over
            stay = touch.choose_within_ms + NOTE_STAY_MS
        self._stay_until(now + (STAY_MS if touch.corrected else stay))

    def _hardly_seen(self, touch: TouchShown, now: int) -> tuple[TouchShown, ...]:
        if self._touch is None or now - self._came >= HARDLY_SEEN_MS or now >= self._until:
            return ()
        others = (one for one in (*self._before, self._touch) if not (touch.name and one.name == touch.name))
        return tuple(others)[-MAX_BEFORE:]

    def _stay_until(self, until: int) -> None:
        self._until = until
        self._shown += 1

    def view(self) -> TouchView | None:
        """Return the touch while it is to be seen."""
        if self._touch is None or self._mono_ms() >= self._until:
            return None
        again_ms = 0 if self._touch.choose_within_ms else self._left_ms(self._touch.again_within_ms)
        again_s = -(-again_ms // 1000)
        return TouchView(self._touch, self._correction(), self._note, again_s, self._before, self._shown)

    def key(self, key: Key) -> None:
        """Take a key while the touch is shown: a direction, its confirmation, or away with the result."""
        correction = self._correction()
        direction = dict(correction.choices).get(digit(key) or 0) if correction else None
        if direction is not None:
            self._chosen = direction
        elif self._chosen is not None and correction:
            if key == "enter":
                self._choose(self._chosen)
            self._chosen = None
        elif key == BACK or (key == "enter" and not correction):
            self._until = self._mono_ms()

    @property
    def confirms(self) -> bool:
        """Whether Enter would confirm a direction now."""
        return self._chosen is not None and self._correction() is not None

    @property
    def until(self) -> int:
        """When the touch leaves the screen, by ``mono_ms``."""
        return self._until

    def sorry(self, sorry: Sorry) -> None:
        """Say that the direction stayed as it was, if that is the touch on the screen."""
        if self._touch is None or not self._correcting or sorry.touch not in (None, self._touch.touch):
            return
        self._correcting = self._correctable = False
        self._note = words.SORRY[sorry.reason]
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)

    def agent_away(self) -> None:
        """Give up waiting for an answer that no longer comes."""
        self.sorry(Sorry(reason="not_recorded"))
        self._correctable = False

    def repeat(self) -> bool:
        """Show the last result again, without its correction; False when there is none that is recent."""
        now = self._mono_ms()
        if self._touch is None or now - self._came > REPEATABLE_MS:
            return False
        if now >= self._until:
            self._correctable, self._before = False, ()
            self._stay_until(now + STAY_MS)
        return True

    def _left_ms(self, within_ms: int) -> int:
        return max(0, self._came + within_ms - self._mono_ms())

    def _correction(self) -> Correction | None:
        if self._touch is None or not self._correctable or self._correcting:
            return None
        left_ms = self._left_ms(self._touch.choose_within_ms)
        return Correction(-(-left_ms // 1000), _choices(self._touch.direction), self._chosen) if left_ms else None

    def _choose(self, direction: Direction) -> None:
        assert self._touch is not None
        assert self._touch.touch is not None
        self._correcting = True
        self._note = words.CORRECTING
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)
        self._say(ChooseDirection(touch=self._touch.touch, direction=direction))


def _choices(direction: Direction | None) -> tuple[tuple[int, Direction], ...]:
    if direction is None:
        return _EITHER
    return ((7, "out" if direction == "in" else "in"),)
