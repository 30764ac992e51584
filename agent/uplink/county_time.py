"""What a connection may be used for when the machine's clock and the county's certificates contradict each other.

A clock in the far future (a bad RTC) makes every certificate look expired. Then one connection is made that checks
everything about the broker but its dates, and is used for one thing: the county's signed time. From then on this
boot judges dates by that. So no date bricks a station, and an old certificate alone still opens nothing.
"""

from collections.abc import Callable

from agent.ports import JudgeAt


class ClockDoubt:
    """Chooses by which time the next attempt judges certificates."""

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono_ms = mono_ms
        self._doubted = False
        self._wall_minus_mono: int | None = None

    @property
    def judge_at(self) -> JudgeAt:
        """The system's clock; where that is in doubt the county's time of this boot; where that is unknown, never."""
        if not self._doubted:
            return "system"
        return "never" if self._wall_minus_mono is None else self._wall_minus_mono + self._mono_ms()

    @property
    def time_only(self) -> bool:
        """Whether a connection made now may be used for nothing but signed time."""
        return self.judge_at == "never"

    def told(self, wall_ms: int, *, at_mono_ms: int) -> None:
        """The county said, signed and in time, that it was ``wall_ms``."""
        self._wall_minus_mono = wall_ms - at_mono_ms

    def dates_refused(self) -> None:
        """An attempt failed on nothing but a certificate's dates: doubt the clock; if it was judged by the county's
        time already, the certificate is to blame, and the system's clock has its turn again.
        """
        self._doubted = not self._doubted or self._wall_minus_mono is None
