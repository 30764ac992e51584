"""Raise an alarm when an unknown keyboard is plugged in, and tell the core whether one is there.

A keyboard could type card numbers into a reader of the keyboard kind, or keys into the kiosk.
"""

import time
from collections.abc import Callable

from agent.events import AlarmSeen, StrangeKeyboard
from agent.inbox import Inbox
from agent.ports import KeyboardGuard
from protocol import alarm_codes

RAISE_AGAIN_AFTER_S = 3_600.0
MOST_AN_HOUR = 10
"""A device that has another number each time it is plugged in must not fill the disk with facts about itself."""


class WatchedKeyboards:
    """A keyboard guard that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, guard: KeyboardGuard, inbox: Inbox, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._guard = guard
        self._inbox = inbox
        self._mono_s = mono_s
        self._raised_s: dict[str, float] = {}

    def start(self) -> None:
        """Begin to look."""
        self._guard.start(unknown=self._unknown, there=lambda there: self._inbox.put(StrangeKeyboard(there)))

    def stop(self) -> None:
        """Stop looking; no event comes after this returns."""
        self._guard.stop()

    def _unknown(self, usb: str, name: str) -> None:
        """Raise an alarm, at most one an hour for each keyboard, because a plug may be loose."""
        now = self._mono_s()
        self._raised_s = {one: at for one, at in self._raised_s.items() if now - at < RAISE_AGAIN_AFTER_S}
        if usb in self._raised_s or len(self._raised_s) >= MOST_AN_HOUR:
            return
        self._raised_s[usb] = now
        # The device chose this text itself.
        shown = "".join(letter for letter in name if letter.isprintable())[:80]
        detail = f"USB 编号 {usb}，自称“{shown}”"
        self._inbox.put(AlarmSeen(code=alarm_codes.UNKNOWN_KEYBOARD, severity="major", detail=detail))
