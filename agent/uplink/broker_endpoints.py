"""At which of the broker's ports to knock: the usual one, or another where a line does not let the usual one through.

Mobile networks and guest networks block unusual ports; 443 is open almost everywhere. A line that drops packets
instead of refusing them costs the whole wait for each try, so what worked is kept on disk.
"""

import logging
from collections.abc import Callable

from agent.storage.state import StateSlot, StateStore

log = logging.getLogger(__name__)

FAILURES = 2
"""So many attempts in a row fail at one port before the next one has its turn: one alone is any line's bad moment."""
BACK_AFTER_MS = 86_400_000
"""After so long at another port, the next new connection tries the usual one once."""


class BrokerEndpoints:
    """Chooses a port for each attempt; 0 is the usual one."""

    def __init__(self, *, count: int, kept: StateStore | None, mono_ms: Callable[[], int]) -> None:
        """Begin with the port that worked last, or with the usual one."""
        self._count = count
        self._slot = StateSlot(kept, "door", int, title="the port that works") if kept is not None else None
        self._mono_ms = mono_ms
        self._works = self._read()
        self._here = self._works
        self._since_ms = mono_ms()
        self._failures = 0

    def _read(self) -> int:
        works = self._slot.read() if self._slot else None
        return works if works is not None and 0 <= works < self._count else 0

    def choose(self) -> int:
        """Return the port for the attempt that begins now."""
        if self._here and self._here == self._works and self._mono_ms() - self._since_ms >= BACK_AFTER_MS:
            self._since_ms = self._mono_ms()
            self._here = 0
            self._failures = FAILURES - 1
        return self._here

    def failed(self) -> None:
        """The attempt did not come up."""
        self._failures += 1
        if self._count > 1 and self._failures >= FAILURES:
            self._failures = 0
            # A try at the usual port that fails leads back to the one that worked, which in turn leads round.
            self._here = self._works if self._here != self._works else (self._here + 1) % self._count

    def worked(self) -> None:
        """The attempt came up."""
        self._failures = 0
        if self._here == self._works:
            return
        log.warning("the broker is reached at its port number %d from now on", self._here + 1)
        self._works, self._since_ms = self._here, self._mono_ms()
        if self._slot:
            self._slot.keep(self._works)
