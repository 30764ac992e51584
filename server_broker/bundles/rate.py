"""Bound how often a source may ask: a bucket of tokens that fills again with time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_SOURCES = 10_000
"""Bounds the memory. Beyond it the source that asked longest ago is forgotten."""


class Rate:
    """``burst`` requests at once, and ``a_second`` after that, for each source. Safe to use from several threads."""

    def __init__(self, *, a_second: float, burst: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._a_second = a_second
        self._burst = burst
        self._monotonic_s = monotonic_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By source: tokens, and when they were counted."""
        self._lock = threading.Lock()

    def allows(self, source: str) -> bool:
        """Take a token of ``source`` and return True; return False if it has none."""
        with self._lock:
            now = self._monotonic_s()
            tokens, counted = self._left.pop(source, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - counted) * self._a_second)
            allowed = tokens >= 1
            self._left[source] = (tokens - 1 if allowed else tokens, now)
            if len(self._left) > MAX_SOURCES:
                self._left.popitem(last=False)
            return allowed
