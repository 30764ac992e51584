"""Put what the drivers of readers, contacts and keyboards report into the inbox, with the name of the device.

The drivers call back on threads of their own, and only the core decides: so a callback makes an event and returns.
"""

import threading
import time
from collections.abc import Callable

from agent.events import AlarmSeen, CardTouched, InputChanged, InputFailed, ReaderReady, SpeakerReady, StrangeKeyboard
from agent.inbox import Inbox
from agent.ports import CardReader, Contact, DeviceError, KeyboardGuard, Speaker
from protocol import alarm_codes

RETRY_S = 30.0
"""Between two tries to watch an input that could not be watched."""
RAISE_AGAIN_AFTER_S = 3_600.0
MOST_AN_HOUR = 10
"""A device that has another number each time it is plugged in must not fill the disk with facts about itself."""


class WatchedReader:
    """A card reader that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, reader: CardReader, name: str, inbox: Inbox) -> None:
        """``name``: as people and facts name it."""
        self._reader = reader
        self._name = name
        self._inbox = inbox

    def start(self) -> None:
        """Begin reading."""
        self._reader.start(
            touched=lambda uid: self._inbox.put(CardTouched(uid=uid, reader=self._name)),
            ready=lambda ready: self._inbox.put(ReaderReady(reader=self._name, ready=ready)),
        )

    def stop(self) -> None:
        """Stop reading; no event comes after this returns."""
        self._reader.stop()


class WatchedContact:
    """A door contact or motion sensor that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, contact: Contact, name: str, inbox: Inbox) -> None:
        """``name``: as people and facts name it."""
        self._contact = contact
        self._name = name
        self._inbox = inbox
        self._stopping = threading.Event()
        self._retrying = threading.Thread(target=self._retry, name=f"input-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch. If this fails, the core is told, and it is tried again until it works or `stop`."""
        if not self._begin():
            self._retrying.start()

    def _begin(self) -> bool:
        try:
            self._contact.start(changed=lambda active: self._inbox.put(InputChanged(self._name, active)))
        except DeviceError as error:
            self._inbox.put(InputFailed(self._name, str(error)))
            return False
        return True

    def _retry(self) -> None:
        while not self._stopping.wait(RETRY_S):
            if self._begin():
                return

    def stop(self) -> None:
        """Stop watching; no event comes after this returns."""
        self._stopping.set()
        # First the thread, or it could begin to watch once more after the contact has stopped.
        if self._retrying.is_alive():
            self._retrying.join()
        self._contact.stop()


class WatchedSpeaker:
    """A speaker that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, speaker: Speaker, inbox: Inbox) -> None:
        self._speaker = speaker
        self._inbox = inbox

    def start(self) -> None:
        """Begin, at rest."""
        self._speaker.start(ready=lambda ready, reads: self._inbox.put(SpeakerReady(ready=ready, reads=reads)))

    def stop(self) -> None:
        """End; no event comes after this returns."""
        self._speaker.stop()


class WatchedKeyboards:
    """A keyboard guard that reports to the core. Implements `agent.station.core.EventSource`.

    An unknown keyboard raises an alarm, because it could type card numbers, or keys into the kiosk.
    """

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
