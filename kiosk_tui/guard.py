"""Which keys count: none on a screen that nobody can have seen yet, and none that a held key repeats.

A key means what the person read beside it. So it counts only when the same screen has stood painted for as long as a
person needs to see it; every change of screen begins that anew.
"""

from collections.abc import Hashable

from kiosk_tui.clock import MonoMs
from kiosk_tui.keys import Key

SCREEN_MS = 700
"""Longer than a keyboard waits before it repeats a held key (600 ms under wlroots, 660 ms under X)."""
CHOICE_MS = 900
"""Where the key answers a question or decides pay: 800 ms before the eye, and 100 from a busy machine to the glass."""
REPEAT_MS = 200
"""The same key this soon again is held, or bounced: keyboards repeat 11 to 40 times a second."""

type Face = Hashable
"""What a screen asks: two views with the same face are the same screen to whoever reads it."""


class KeyGuard:
    """Keeps when which screen was painted, and when which key came."""

    def __init__(self, mono_ms: MonoMs) -> None:
        self._mono_ms = mono_ms
        self._face: Face = None
        self._since = 0
        self._came: dict[Key, int] = {}

    def painted(self, face: Face) -> None:
        """Take note that this face is before the person now; None for a screen on which no key counts."""
        if face != self._face:
            self._face, self._since = face, self._mono_ms()

    def listens(self, face: Face, *, after_ms: int, ago_ms: int = 0) -> bool:
        """Tell whether, ``ago_ms`` before now, a screen had been before the person for so long."""
        return face is not None and face == self._face and self._mono_ms() - ago_ms - self._since >= after_ms

    def is_repeat(self, key: Key, *, ago_ms: int = 0) -> bool:
        """Take note of a key that was pressed ``ago_ms`` before now; True where being held, or a bounce, made it."""
        came = self._mono_ms() - ago_ms
        before, self._came[key] = self._came.get(key), came
        return before is not None and came - before < REPEAT_MS
