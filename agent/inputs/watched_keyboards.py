"""Bring unknown keyboards, which are seen on another thread, into the inbox: alarms, and whether one is there."""

import time
from collections.abc import Callable

from agent.events import AlarmSeen, StrangeKeyboard
from agent.inbox import Inbox
from agent.ports import KeyboardGuard

SAY_AGAIN_AFTER_S = 3_600.0
MOST_AN_HOUR = 10
"""A device that gives itself another number each time it comes must not fill the disk with facts about itself."""


class WatchedKeyboards:
    """A guard of which the core hears. Implements `agent.station.core.EventSource`."""

    def __init__(self, guard: KeyboardGuard, inbox: Inbox, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._guard = guard
        self._inbox = inbox
        self._mono_s = mono_s
        self._said: dict[str, float] = {}

    def start(self) -> None:
        """Begin to look."""
        self._guard.start(unknown=self._unknown, there=lambda there: self._inbox.put(StrangeKeyboard(there)))

    def stop(self) -> None:
        """End looking; no event comes after it returns."""
        self._guard.stop()

    def _unknown(self, usb: str, name: str) -> None:
        """Raise an alarm; a plug that is loose, or pulled and put in again, raises one an hour."""
        now = self._mono_s()
        self._said = {one: at for one, at in self._said.items() if now - at < SAY_AGAIN_AFTER_S}
        if usb in self._said or len(self._said) >= MOST_AN_HOUR:
            return
        self._said[usb] = now
        shown = "".join(letter for letter in name if letter.isprintable())[:80]
        detail = f"USB 编号 {usb}，自称“{shown}”"
        self._inbox.put(AlarmSeen(code="unknown_keyboard", severity="major", detail=detail))
