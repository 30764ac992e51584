"""Count unknown cards that come as only a machine can present them, instead of recording each.

An unknown card is a fact, because it may be bound to a person later, and before its first roster a station knows no
card at all. So whatever people can do is recorded: `A_MINUTE` and `AN_HOUR` of one reader are far more than a queue. A
broken reader, or a device that types into a reader's port, can send fifty numbers a second: recorded, they fill the SD
card and use up the month's data, and facts are never thrown away. These are answered in red and only counted. An alarm
states how many: when it begins, every hour while it goes on, and at the end. Known cards are recorded as ever.
"""

from collections.abc import Callable

from msgspec import Struct

from agent.storage.state import StateSlot, StateStore
from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes

A_MINUTE = 120
"""Two a second, a whole minute long. More makes it a flood, which goes on until a minute has no more than that."""
AN_HOUR = 1_800
"""One each two seconds, a whole hour long. It bounds a machine that stays below `A_MINUTE`."""
STATED_EVERY_MS = _HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


class _Kept(Struct, array_like=True):
    """What is known of one reader's unknown cards. A restart goes on with it, in a minute and an hour that begin anew.

    So a station that starts again and again records no more than one that does not.
    """

    in_minute: int = 0
    """All, the ones that are only counted too."""
    flooding: bool = False
    in_hour: int = 0
    """The recorded ones."""
    left_out: int = 0
    """The ones that were only counted, since the alarm was raised."""


class _Reader:
    """One reader's unknown cards."""

    def __init__(self, kept: _Kept, now_ms: int) -> None:
        self.kept = kept
        self.after_restart = kept.left_out > 0
        """Some may have been counted after the count was kept."""
        self.stated_ms = self._minute_ms = self._hour_ms = now_ms

    def look(self, now_ms: int) -> bool:
        """Return whether unknown cards are only counted now."""
        kept = self.kept
        if (passed_ms := now_ms - self._minute_ms) >= _MINUTE_MS:
            kept.flooding = kept.in_minute > A_MINUTE and passed_ms < 2 * _MINUTE_MS
            kept.in_minute, self._minute_ms = 0, now_ms
        if now_ms - self._hour_ms >= _HOUR_MS:
            kept.in_hour, self._hour_ms = 0, now_ms
        return kept.flooding or kept.in_hour >= AN_HOUR

    def take(self, now_ms: int) -> bool:
        """Count one, and return whether it is recorded."""
        kept = self.kept
        self.look(now_ms)
        kept.in_minute += 1
        kept.flooding = kept.flooding or kept.in_minute > A_MINUTE
        recorded = not kept.flooding and kept.in_hour < AN_HOUR
        if recorded:
            kept.in_hour += 1
        else:
            kept.left_out += 1
        return recorded


class CardFlood:
    """Used on the core thread only."""

    def __init__(self, alarms: StandingAlarms, *, state: StateStore, mono_ms: Callable[[], int]) -> None:
        self._alarms = alarms
        self._mono_ms = mono_ms
        self._slot = StateSlot(state, "card_flood", dict[str, _Kept], title="the count of unknown cards")
        kept = self._slot.read() or {}
        self._readers = {name: _Reader(one, mono_ms()) for name, one in kept.items()}

    def takes(self, name: str) -> bool:
        """Count an unknown card at a reader, and return whether it is to be recorded."""
        now_ms = self._mono_ms()
        reader = self._readers.setdefault(name, _Reader(_Kept(), now_ms))
        recorded = reader.take(now_ms)
        left_out = reader.kept.left_out
        if not recorded and left_out == 1:
            self._state_count(name, reader, now_ms)
        elif not recorded and left_out.bit_count() == 1:
            # Kept so rarely, and yet a crash costs no more than half of the count.
            self._slot.keep(self._all())
        return recorded

    def row(self) -> dict[str, bytes]:
        """Return what must be committed together with the touches that were taken, so that the bound outlives them."""
        return self._slot.row(self._all())

    def tick(self) -> None:
        """State what is due: an end, or the count of another hour."""
        now_ms = self._mono_ms()
        for name, reader in self._readers.items():
            if not reader.kept.left_out:
                continue
            over = not reader.look(now_ms)
            if over or now_ms - reader.stated_ms >= STATED_EVERY_MS:
                self._state_count(name, reader, now_ms)
            if over:
                self._alarms.clear_alarm(_code(name))
                reader.kept.left_out, reader.after_restart = 0, False
                self._slot.keep(self._all())

    def _all(self) -> dict[str, _Kept]:
        return {name: reader.kept for name, reader in self._readers.items()}

    def _state_count(self, name: str, reader: _Reader, now_ms: int) -> None:
        reader.stated_ms = now_ms
        count = f"{'至少' if reader.after_restart else '共'} {reader.kept.left_out} 次"
        so_far = "从现在起" if count == "共 1 次" else f"到现在{count}"
        detail = (
            f"读卡器“{name}”读到不认识的卡，快得不像人在刷（一分钟多于 {A_MINUTE} 次，或一小时多于 {AN_HOUR} 次）："
            f"{so_far}只计数，没有逐次记录。已登记的卡照常打卡。请查读卡器和它的 USB 口上插了什么"
        )
        # The count as the kind: each statement is another fact.
        self._alarms.raise_alarm(_code(name), "major", detail, kind=count)
        self._slot.keep(self._all())


def _code(reader: str) -> str:
    return alarm_codes.code_of(alarm_codes.CARDS_FLOOD, reader)
