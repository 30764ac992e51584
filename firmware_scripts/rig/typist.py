"""Keyboards made by uinput, which are real ones to the kernel: their keys go the whole way through its input layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import evdev
from evdev import ecodes

TYPING_KEYS = list(range(ecodes.KEY_ESC, ecodes.KEY_COMPOSE + 1))
MEDIA_KEYS = [ecodes.KEY_POWER, ecodes.KEY_MENU, ecodes.KEY_VOLUMEUP]


class Typist:
    """One device; ``path`` is its /dev/input/event*."""

    def __init__(self, *, usb: str, port: str, keys: list[int]) -> None:
        vendor, product = (int(number, 16) for number in usb.split(":"))
        self._device: Any = evdev.UInput(
            {ecodes.EV_KEY: keys},
            name="Emulated wedge",
            vendor=vendor,
            product=product,
            bustype=ecodes.BUS_USB,
            phys=f"usb-0000:01:00.0-{port}/input0",
        )
        self.path = str(self._device.device.path)

    def press(self, *codes: int) -> None:
        """Press and release one key after another."""
        for code in codes:
            for value in (1, 0):
                self._device.write(ecodes.EV_KEY, code, value)
                self._device.syn()

    def chord(self, *codes: int) -> None:
        """Press all, then release all."""
        for value in (1, 0):
            for code in codes:
                self._device.write(ecodes.EV_KEY, code, value)
            self._device.syn()

    def type(self, text: str) -> None:
        """Type capital letters and digits; a line feed is Enter."""
        names = ("ENTER" if letter == "\n" else letter for letter in text)
        self.press(*(getattr(ecodes, f"KEY_{name}") for name in names))

    def unplug(self) -> None:
        """Unplug the keyboard."""
        self._device.close()


@contextmanager
def typist(usb: str, *, port: str = "1.2", keys: list[int] | None = None) -> Iterator[Typist]:
    """Plug a keyboard in, and unplug it at the end."""
    made = Typist(usb=usb, port=port, keys=keys or TYPING_KEYS)
    try:
        yield made
    finally:
        made.unplug()
