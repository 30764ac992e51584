"""The board's pins as somebody outside sees them: read out of the emulated controller's register.

QEMU is asked for the register every few milliseconds; the program in the machine knows nothing of it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from firmware_scripts.pi3.monitor import Monitor, MonitorGone

GPLEV0 = 0x3F20_0034
"""Levels of pins 0 to 31 (BCM2835 ARM Peripherals, section 6.1: 7E200034 on the bus; a BCM2837's cores see the
peripherals at 3F000000).
"""
LOOK_EVERY_S = 0.004


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of a pin's level. ``at_s`` is CLOCK_MONOTONIC of this machine when it was seen."""

    pin: str
    high: bool
    at_s: float


def edges(before: int, after: int, *, pins: Mapping[str, int], at_s: float) -> list[Edge]:
    """Return what changed between two readings of the register.

    Args:
        pins: Their BCM numbers, by what is connected to them; others are not looked at.
    """
    changed = before ^ after
    return [Edge(name, bool(after >> number & 1), at_s) for name, number in pins.items() if changed >> number & 1]


class PinWatch:
    """Watches the pins until the emulator ends. At its start every pin counts as low, as after power-on."""

    def __init__(self, monitor: Monitor, pins: Mapping[str, int]) -> None:
        self._monitor = monitor
        self._pins = pins
        self._seen: list[Edge] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pins", daemon=True)
        self._thread.start()

    def seen(self) -> list[Edge]:
        """Return all that was seen, in order."""
        with self._changed:
            return list(self._seen)

    def wait(self, wanted: Callable[[Edge], bool], *, timeout_s: float) -> Edge | None:
        """Return the first edge that fits, also one that was seen before the call; None if none comes in time."""

        def first() -> Edge | None:
            return next((edge for edge in self._seen if wanted(edge)), None)

        with self._changed:
            return self._changed.wait_for(first, timeout=timeout_s)

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        before = 0
        while not self._stopping.wait(LOOK_EVERY_S):
            try:
                after = self._monitor.word(GPLEV0)
            except MonitorGone:
                return
            # The time is taken after the reading, so an edge is never dated before it happened.
            if found := edges(before, after, pins=self._pins, at_s=time.monotonic()):
                with self._changed:
                    self._seen += found
                    self._changed.notify_all()
            before = after
