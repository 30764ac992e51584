"""Whether another machine connects to the broker by this station's identity, such as a copy of its SD card.

The broker then ends this station's connection (MQTT 5.0, 3.1.4-3: "Session taken over"), this station connects again,
and the broker ends the other one's. So the two take turns for as long as both run.
"""

from collections import deque
from collections.abc import Callable

ENOUGH = 3
"""So many within `LASTS_MS` are no chance. One may be: the kernel can repeat the CONNECT of an attempt that was given
up, and it then reaches the broker after the next attempt's. Two machines that take turns have this many within a
minute, because both wait 5 s at most at first."""
LASTS_MS = 900_000
"""Both wait up to 300 s at last (`agent.uplink.reconnector.wait_cap_ms`), so two that go on taking turns are heard of
every 10 minutes at least."""


class TakeOvers:
    """Counts the connections that the broker ended because this station's identity connected anew elsewhere."""

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono_ms = mono_ms
        self._heard_ms: deque[int] = deque(maxlen=ENOUGH)
        self._until_ms: int | None = None

    @property
    def go_on(self) -> bool:
        """Whether another machine has this station's identity, and was heard of within `LASTS_MS`."""
        return self._until_ms is not None and self._mono_ms() < self._until_ms

    def heard(self) -> None:
        """Note that the broker said so of the connection that was this station's last one."""
        now = self._mono_ms()
        self._heard_ms.append(now)
        enough = len(self._heard_ms) == ENOUGH and now - self._heard_ms[0] < LASTS_MS
        if enough or self.go_on:
            self._until_ms = now + LASTS_MS
