"""Keyboards without a kernel: implements `agent.drivers.keyboards.Keyboards`. A grab is exclusive, as EVIOCGRAB is."""

import os
import threading
from collections import deque
from copy import replace

from evdev import ecodes

from agent.drivers.keyboards import Keyboard, KeyEvent
from agent.ports import DeviceError

WEDGE = "ffff:0035"


def keyboard(usb: str = WEDGE, *, path: str = "/dev/input/event3", port: str = "1.2", types: bool = True) -> Keyboard:
    return Keyboard(path=path, node=0, usb=usb, port=port, name="Sycreader RFID Technology Co., Ltd", types=types)


class FakeKeyboards:
    """What is plugged in; a test plugs, unplugs and types."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._present: list[Keyboard] = []
        self.grabbed: dict[Keyboard, _Keys] = {}
        self.others_heard: list[int] = []
        """Keys that went to the kiosk or the kernel's console."""
        self._nodes = 0

    def plug(self, one: Keyboard) -> Keyboard:
        self._nodes += 1
        one = replace(one, node=self._nodes)
        with self.lock:
            self._present.append(one)
        return one

    def unplug(self, one: Keyboard) -> None:
        with self.lock:
            self._present.remove(one)
            if keys := self.grabbed.pop(one, None):
                keys.vanish()

    def press(self, one: Keyboard, *codes: int, value: int = 1) -> None:
        with self.lock:
            for code in codes:
                if keys := self.grabbed.get(one):
                    keys.put(KeyEvent(code, value))
                    keys.put(KeyEvent(code, 0))
                else:
                    self.others_heard.append(code)

    def type(self, one: Keyboard, text: str) -> None:
        """Type letters and digits; a line feed is Enter."""
        self.press(one, *(ecodes.KEY_ENTER if letter == "\n" else getattr(ecodes, f"KEY_{letter}") for letter in text))

    def present(self) -> list[Keyboard]:
        with self.lock:
            return list(self._present)

    def grab(self, keyboard: Keyboard) -> "_Keys":
        with self.lock:
            if keyboard not in self._present:
                raise DeviceError("gone")
            if keyboard in self.grabbed:
                raise DeviceError("Device or resource busy")
            keys = self.grabbed[keyboard] = _Keys(self, keyboard)
            return keys


class _Keys:
    def __init__(self, owner: FakeKeyboards, keyboard: Keyboard) -> None:
        self._owner, self._keyboard = owner, keyboard
        self._readable = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._keys: deque[KeyEvent] = deque()
        self._gone = False

    def put(self, key: KeyEvent) -> None:
        self._keys.append(key)
        os.eventfd_write(self._readable, 1)

    def vanish(self) -> None:
        self._gone = True
        os.eventfd_write(self._readable, 1)

    def fileno(self) -> int:
        return self._readable

    def read(self) -> list[KeyEvent]:
        with self._owner.lock:
            if self._gone:
                raise DeviceError("No such device")
            os.eventfd_read(self._readable)
            keys = list(self._keys)
            self._keys.clear()
            return keys

    def close(self) -> None:
        with self._owner.lock:
            self._owner.grabbed.pop(self._keyboard, None)
            os.close(self._readable)
