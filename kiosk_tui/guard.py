"""Decide which keys count: none on a screen that nobody can have read yet, and none that a held key repeats.

A key means what the person read beside it. So it counts only if the same screen has been visible for as long as a
person needs to read it. Every change of screen starts that time again.
"""

from collections.abc import Hashable

from kiosk_tui.clock import MonoMs
from kiosk_tui.terminal.keys import Key

SCREEN_MS = 700
"""Longer than a keyboard waits before it repeats a held key (600 ms under wlroots, 660 ms under X)."""
CHOICE_MS = 900
"""If the key answers a question or decides pay: 800 ms for the eye, and 100 ms until a busy machine has drawn it."""
HELD_REPEATS = 5
"""After so many repeats a key is held on purpose: at most half a second after the first of them."""
REPEAT_MS = 200
"""The same key again within this time was held down or bounced: keyboards repeat a key 11 to 40 times a second."""

type Face = Hashable
"""What a screen asks of a person. Two views with the same face are the same screen for whoever reads them."""


class KeyGuard:
    """Remembers when the present screen was painted, and when each key last came."""

    def __init__(self, mono_ms: MonoMs) -> None:
        self._mono_ms = mono_ms
        self._face: Face = None
        self._since = 0
        self._came: dict[Key, int] = {}
        self._repeats: dict[Key, int] = {}

    def painted(self, face: Face) -> None:
        """Take note that the person sees this face now; None for a screen on which no key counts."""
        if face != self._face:
            self._face, self._since = face, self._mono_ms()

    def listens(self, face: Face, *, after_ms: int, ago_ms: int = 0) -> bool:
        """Tell whether the person, ``ago_ms`` before now, had seen a face for ``after_ms``."""
        return face is not None and face == self._face and self._mono_ms() - ago_ms - self._since >= after_ms

    def is_repeat(self, key: Key, *, ago_ms: int = 0) -> bool:
        """Take note of a key that was pressed ``ago_ms`` before now; True if it came from holding the key, or a
        bounce."""
        came = self._mono_ms() - ago_ms
        before, self._came[key] = self._came.get(key), came
        repeated = before is not None and came - before < REPEAT_MS
        self._repeats[key] = self._repeats.get(key, 0) + 1 if repeated else 0
        return repeated

    def is_held(self, key: Key) -> bool:
        """Tell whether the key that came last has just been held for so long that it is meant. True once a hold."""
        return self._repeats.get(key) == HELD_REPEATS
