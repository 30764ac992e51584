"""Who else hears a keyboard that `firmware_scripts.rig.typist` plugged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import evdev
from evdev import ecodes

from firmware_scripts.rig.typist import Typist


@contextmanager
def bystander(typing: Typist) -> Iterator[Any]:
    """Another program that has the same device open without a grab, as the kiosk's compositor does."""
    device = evdev.InputDevice(typing.path)
    try:
        yield device
    finally:
        device.close()


def heard(device: Any) -> list[int]:
    """Return the keys that a bystander got."""
    events = iter(device.read_one, None)
    return [event.code for event in events if event.type == ecodes.EV_KEY and event.value == 1]
