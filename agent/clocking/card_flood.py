"""Count unknown cards that come faster than people can touch, instead of recording each.

An unknown card is a fact, because it may be bound to a person later. But a broken reader, or a device that types into a
reader's port, can send fifty numbers a second: recorded, they fill the SD card and use up the month's data, and facts
are never thrown away. So a reader's unknown cards beyond `MOST` in a minute are answered in red (刷得太快了) and only
counted. An alarm states how many they were: at once, every hour while it goes on, and at the end. Known cards are
recorded as ever.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct, field

from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes

MOST, WITHIN_MS = 60, 60_000
"""People who queue at a reader for a meeting, with cards that the station does not know yet, are slower."""
STATED_EVERY_MS = 3_600_000


class _Reader(Struct):
    """The unknown cards of one reader."""

    last: deque[int] = field(default_factory=lambda: deque(maxlen=MOST))
    """When the last ones came, those that were left out included: so a steady flood records nothing more."""
    left_out: int = 0
    stated_ms: int = 0

    def flooded(self, now_ms: int) -> bool:
        return len(self.last) == MOST and now_ms - self.last[0] < WITHIN_MS


class CardFlood:
    """Used on the core thread only."""

    def __init__(self, alarms: StandingAlarms, *, mono_ms: Callable[[], int]) -> None:
        self._alarms = alarms
        self._mono_ms = mono_ms
        self._readers: dict[str, _Reader] = {}

    def is_beyond(self, name: str) -> bool:
        """Note an unknown card at a reader, and return whether it is only counted."""
        now_ms = self._mono_ms()
        reader = self._readers.setdefault(name, _Reader())
        beyond = reader.flooded(now_ms)
        reader.last.append(now_ms)
        if beyond:
            reader.left_out += 1
            if reader.left_out == 1:
                self._state(name, reader, now_ms)
        elif reader.left_out == 0:
            # A run before this one may have ended in the middle of a flood.
            self._alarms.clear_alarm(_code(name))
        return beyond

    def tick(self) -> None:
        """State what is due: an end, or the count of another hour."""
        now_ms = self._mono_ms()
        for name, reader in self._readers.items():
            if not reader.left_out:
                continue
            over = not reader.flooded(now_ms)
            if over or now_ms - reader.stated_ms >= STATED_EVERY_MS:
                self._state(name, reader, now_ms)
            if over:
                self._alarms.clear_alarm(_code(name))
                reader.left_out = 0

    def _state(self, name: str, reader: _Reader, now_ms: int) -> None:
        reader.stated_ms = now_ms
        detail = (
            f"读卡器“{name}”一分钟内读到 {MOST} 张以上不认识的卡，多出的 {reader.left_out} 次只计数，没有逐次记录；"
            "已登记的卡照常打卡。请查读卡器和它的 USB 口上插了什么"
        )
        # The count as the kind: each statement is another fact.
        self._alarms.raise_alarm(_code(name), "major", detail, kind=f"{reader.left_out} left out")


def _code(reader: str) -> str:
    return alarm_codes.code_of(alarm_codes.CARDS_FLOOD, reader)
