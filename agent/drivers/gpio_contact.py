"""A door contact or a motion sensor on a Raspberry Pi's pin, debounced here.

Each edge starts a wait. The level counts once no edge has come for a while. The kernel's queue keeps only 16 edges of a
line, so after a burst the last edge seen may not be the last one; the level is right all the same.

A reed contact between the pin and ground is closed by the door's magnet: with the pull-up the pin is low while the
door is closed, high while it is open. A motion sensor drives its output high while something moves.
"""

import gc
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from agent.config.settings import ConfigSettings, Setting, between, one_of
from agent.drivers.gpio_pins import CHIP, close_factory, device_errors, lgpio_pins, pin
from agent.drivers.gpiozero_alone import DigitalInputDevice
from agent.ports import DeviceError

log = logging.getLogger(__name__)

_PULLS = {"up": True, "down": False, "none": None}


class GpioContact:
    """Implements `agent.ports.Contact`."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {
        "pin": pin(required=True),
        "pull": Setting(str, "up", check=one_of(*_PULLS)),
        "active": Setting(str, "high", check=one_of("high", "low")),
        "debounce_ms": Setting(int, 50, check=between(0, 2_000)),
        "chip": CHIP,
    }

    def __init__(
        self,
        *,
        pin: int,
        pull: str = "up",
        active: str = "high",
        debounce_ms: int = 50,
        chip: int = 0,
        pins: Callable[[int], Any] = lgpio_pins,
    ) -> None:
        """Make a contact that is not watched yet.

        Args:
            active: The level that means an open door, or that something moves.
            debounce_ms: How long a level must last before it counts.
            pins: Makes gpiozero's pin factory for a chip.
        """
        self._pin, self._pull, self._chip, self._pins = pin, _PULLS[pull], chip, pins
        # For gpiozero the active level is the one against the pull; without a pull it is high.
        self._inverted = (active == "high") is (self._pull is True)
        self._debounce_s = debounce_ms / 1000
        self._edge = threading.Event()
        self._taken = ExitStack()
        self._lock = threading.Lock()
        self._reported: bool | None = None
        self._tried = False
        self._stopped = False

    def start(self, *, changed: Callable[[bool], None]) -> None:
        """Take the pin and watch its edges.

        Raises:
            DeviceError: The pin can't be opened.
        """
        self._changed = changed
        if self._tried:
            # gpiozero reserves the pin of a device that could not be made until that object is collected, which a
            # reference cycle may delay.
            gc.collect()
        self._tried = True
        with device_errors(), ExitStack() as stack:
            factory = self._pins(self._chip)
            stack.callback(close_factory, factory)
            device = stack.enter_context(
                DigitalInputDevice(
                    self._pin,
                    pull_up=self._pull,
                    active_state=True if self._pull is None else None,
                    pin_factory=factory,
                )
            )
            device.when_activated = device.when_deactivated = self._edge.set
            stack.callback(_unwatch, device)
            # `start` reports the level at once. The thread reports changes only.
            self._report(device.is_active is not self._inverted)
            watch = threading.Thread(target=self._watch, args=(device,), name=f"pin-{self._pin}", daemon=True)
            watch.start()
            # The stack runs backwards: the thread is woken first and then waited for.
            stack.callback(watch.join)
            stack.callback(self._edge.set)
            self._taken = stack.pop_all()

    def _watch(self, device: Any) -> None:
        while not self._stopped:
            self._edge.wait()
            while self._edge.is_set() and not self._stopped:
                self._edge.clear()
                self._edge.wait(self._debounce_s)
            try:
                with device_errors():
                    self._report(device.is_active is not self._inverted)
            except DeviceError as error:
                log.warning("the pin of a contact can't be read: %s", error)

    def _report(self, active: bool) -> None:
        # Under the lock, so that no callback comes once `stop` has begun.
        with self._lock:
            if active != self._reported and not self._stopped:
                self._reported = active
                self._changed(active)

    def stop(self) -> None:
        """Release the pin."""
        with self._lock:
            self._stopped = True
        try:
            with device_errors():
                self._taken.close()
        except DeviceError as error:
            log.warning("the pin of a contact was not given back: %s", error)


def _unwatch(device: Any) -> None:
    # When a device is closed, gpiozero leaves its callback with lgpio. An edge that comes then would end lgpio's
    # thread.
    device.pin.when_changed = None
