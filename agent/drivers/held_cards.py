"""A card that lies on a reader is one touch, however often the reader tells of it."""

import time
from collections.abc import Callable

GONE_AFTER_S = 1.5
"""A card that was not told of for so long was taken away. Readers that repeat do so several times a second."""


class HeldCards:
    """Knows which cards lie on a reader. There may be several."""

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._seen: dict[str, float] = {}

    def is_new(self, card: str) -> bool:
        """Take note that a reader tells of ``card``; return whether it was not lying there already."""
        now = self._mono_s()
        self._seen = {one: at for one, at in self._seen.items() if now - at <= GONE_AFTER_S}
        new = card not in self._seen
        self._seen[card] = now
        return new
