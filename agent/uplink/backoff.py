"""How long to wait before trying again: full jitter under a cap that grows with the age of the trouble."""

from collections.abc import Callable

SHORTEST_MS = 250
"""Even the luckiest draw leaves the other side this long."""

_CAPS_MS = ((120_000, 5_000), (600_000, 30_000))
_LAST_CAP_MS = 300_000


def cap_ms(trouble_age_ms: int) -> int:
    """Return the longest wait for a trouble of this age: 5 s for 2 minutes, 30 s to 10 minutes, then 300 s."""
    for until_ms, cap in _CAPS_MS:
        if trouble_age_ms < until_ms:
            return cap
    return _LAST_CAP_MS


class Backoff:
    """Waits for one trouble. Full jitter keeps a county's stations from coming back in step."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Make one without trouble.

        Args:
            jitter: Returns a number in [0, 1).
        """
        self._jitter = jitter
        self._since_ms: int | None = None

    @property
    def troubled(self) -> bool:
        """Whether a trouble lasts."""
        return self._since_ms is not None

    def wait_ms(self, now_ms: int) -> int:
        """Note a failure at ``now_ms`` and return how long to wait."""
        if self._since_ms is None:
            self._since_ms = now_ms
        return max(SHORTEST_MS, int(self._jitter() * cap_ms(now_ms - self._since_ms)))

    def over(self) -> None:
        """The trouble is over."""
        self._since_ms = None
