"""The keyboards of this machine, through evdev: list them, and grab one of them for the agent alone (EVIOCGRAB).

The keys of a grabbed keyboard reach nobody else, neither the kiosk nor the kernel's console with its ctrl-alt-del.
Opening one needs the right to read /dev/input/event* (the group ``input``).
"""

import contextlib
import os
import re
from typing import Any, Protocol

from msgspec import Struct

from agent.drivers.evdev_alone import ecodes, evdev
from agent.ports import DeviceError

_PLUGGED = (ecodes.BUS_USB, ecodes.BUS_BLUETOOTH)
"""Buses to which a person can connect a keyboard. Built-in input devices don't count."""
_TYPING = {ecodes.KEY_ENTER, ecodes.KEY_KPENTER, ecodes.KEY_1, ecodes.KEY_KP1, ecodes.KEY_A}
_USB_PORT = re.compile(r"usb-.+-([0-9.]+)/")
"""Of the kernel's physical path of an input device, such as ``usb-0000:01:00.0-1.2/input0`` (EVIOCGPHYS)."""


class Keyboard(Struct, frozen=True):
    """An input device as the kernel describes it. A device that was plugged in again counts as another one."""

    path: str
    node: int
    """Inode of its device file."""
    usb: str
    """Vendor and product, as ``1a2c:0e24``."""
    port: str
    """Where it is plugged in, as ``1.2``: USB ports from the root hub on. Empty if it is not on USB."""
    name: str
    types: bool
    """Whether it has keys to type with. A wedge may have a second device for media keys, which has none."""


class KeyEvent(Struct, frozen=True):
    """A change of a key: ``value`` is 1 pressed, 0 released, 2 repeated by itself."""

    code: int
    value: int


LOST_KEYS = KeyEvent(ecodes.KEY_RESERVED, 1)
"""Stands for keys that the kernel dropped because nobody read them in time (SYN_DROPPED)."""


class Keys(Protocol):
    """The keys of a keyboard that is grabbed."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when keys come."""

    def read(self) -> list[KeyEvent]:
        """Return the keys that came, without waiting.

        Raises:
            DeviceError: The keyboard is gone.
        """

    def close(self) -> None:
        """Release the keyboard."""


class Keyboards(Protocol):
    """The keyboards of the machine."""

    def present(self) -> list[Keyboard]:
        """Return the keyboards that are plugged in now and may be opened."""

    def grab(self, keyboard: Keyboard) -> Keys:
        """Grab a keyboard, so that nobody else gets its keys.

        Raises:
            DeviceError: It is gone, or somebody else has it.
        """


class EvdevKeyboards:
    """Implements `Keyboards`. Each device is opened only once to be described, because opening wakes it up."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Keyboard] = {}

    def present(self) -> list[Keyboard]:
        """Return the keyboards that are plugged in now and may be opened."""
        found: dict[tuple[str, int], Keyboard] = {}
        for path in evdev.list_devices():
            # The device may be unplugged at any moment.
            with contextlib.suppress(OSError):
                place = (path, os.stat(path).st_ino)
                found[place] = self._known.get(place) or _describe(path, place[1])
        # Only devices that are still there, so that one that was unplugged is described anew when it comes back.
        self._known = found
        return [one for one in found.values() if one.usb]

    def grab(self, keyboard: Keyboard) -> Keys:
        """Grab a keyboard, so that nobody else gets its keys.

        Raises:
            DeviceError: It is gone, or somebody else has it.
        """
        try:
            device = evdev.InputDevice(keyboard.path)
            device.grab()
        except OSError as error:
            raise DeviceError(f"{keyboard.path}: {error}") from error
        return _EvdevKeys(device)


class _EvdevKeys:
    def __init__(self, device: Any) -> None:
        self._device = device

    def fileno(self) -> int:
        number: int = self._device.fd
        return number

    def read(self) -> list[KeyEvent]:
        try:
            events = list(self._device.read())
        except BlockingIOError:
            return []
        except OSError as error:
            raise DeviceError(f"{self._device.path}: {error}") from error
        return [
            LOST_KEYS if event.type == ecodes.EV_SYN else KeyEvent(event.code, event.value)
            for event in events
            if event.type == ecodes.EV_KEY or (event.type, event.code) == (ecodes.EV_SYN, ecodes.SYN_DROPPED)
        ]

    def close(self) -> None:
        self._device.close()


def _describe(path: str, node: int) -> Keyboard:
    device = evdev.InputDevice(path)
    try:
        info = device.info
        port = _USB_PORT.match(device.phys)
        keys = set(device.capabilities().get(ecodes.EV_KEY, []))
        return Keyboard(
            path=path,
            node=node,
            usb=f"{info.vendor:04x}:{info.product:04x}" if info.bustype in _PLUGGED else "",
            port=port[1] if port else "",
            name=device.name,
            types=not keys.isdisjoint(_TYPING),
        )
    finally:
        device.close()
