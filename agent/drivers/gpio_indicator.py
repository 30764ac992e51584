"""Lamp and beeper on a Raspberry Pi's pins: a lamp for each colour and perhaps an active buzzer.

The ear alone can tell the outcomes apart: green is one short beep, amber two short ones, red a long one.
"""

import gc
import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from agent.config.settings import ConfigSettings, Setting
from agent.drivers.gpio_pins import CHIP, close_factory, device_errors, lgpio_pins, pin
from agent.drivers.gpiozero_alone import LED, Buzzer
from agent.ports import Colour, DeviceError

log = logging.getLogger(__name__)

LIT_S = 3.0
BEEPS: dict[Colour, tuple[int, float]] = {"green": (1, 0.1), "amber": (2, 0.1), "red": (1, 0.8)}
"""How often, and how long in seconds, each outcome beeps."""
PAUSE_S = 0.1


class GpioIndicator:
    """Implements `agent.ports.Indicator`. Pins that can't be opened now are tried again at each light."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {
        "green": pin(required=True),
        "amber": pin(required=True),
        "red": pin(required=True),
        "buzzer": pin(required=False),
        "active_high": Setting(bool, True),
        "buzzer_active_high": Setting(bool, True),
        "chip": CHIP,
    }

    def __init__(
        self,
        *,
        green: int,
        amber: int,
        red: int,
        buzzer: int | None = None,
        active_high: bool = True,
        buzzer_active_high: bool = True,
        chip: int = 0,
        pins: Callable[[int], Any] = lgpio_pins,
    ) -> None:
        """Open the pins, if that is possible now, and switch all of them off.

        Args:
            buzzer: None if there is none.
            active_high: Whether a lamp burns when its pin is high. The buzzer has its own setting: many cheap
                modules sound on low.
            pins: Makes gpiozero's pin factory for a chip.
        """
        self._numbers: dict[Colour, int] = {"green": green, "amber": amber, "red": red}
        self._buzzer_number = buzzer
        self._active_high, self._buzzer_active_high = active_high, buzzer_active_high
        self._chip, self._pins = chip, pins
        self._taken = ExitStack()
        self._lamps: dict[Colour, Any] = {}
        self._buzzer: Any = None
        self._closed = False
        try:
            self._take()
        except DeviceError as error:
            # Log only its text: a log record that keeps the error would keep the LED object, and with it the pin.
            log.warning("the lamp's pins can't be had yet: %s", str(error))

    def _take(self) -> None:
        # If one pin can't be had, the stack releases those before it.
        with device_errors(), ExitStack() as stack:
            factory = self._pins(self._chip)
            stack.callback(close_factory, factory)
            lamps = {
                colour: stack.enter_context(LED(number, active_high=self._active_high, pin_factory=factory))
                for colour, number in self._numbers.items()
            }
            if self._buzzer_number is not None:
                made = Buzzer(self._buzzer_number, active_high=self._buzzer_active_high, pin_factory=factory)
                self._buzzer = stack.enter_context(made)
            self._lamps = lamps
            self._taken = stack.pop_all()

    @property
    def ready(self) -> bool:
        """Whether the pins are taken."""
        return bool(self._lamps)

    def show(self, colour: Colour, *, fact: str) -> None:
        """Light one lamp for 3 s and sound its beeps in the background. It replaces what was shown before.

        Raises:
            DeviceError: The pins can't be opened or fail.
        """
        if self._closed:
            raise DeviceError("the lamp is switched off")
        if not self._lamps:
            # gpiozero reserves a pin for an LED that could not be made until that object is collected, which a
            # reference cycle may delay.
            gc.collect()
            self._take()
        with device_errors():
            for other in self._lamps.keys() - {colour}:
                self._lamps[other].off()
            _play(self._lamps[colour], times=1, on_s=LIT_S)
            if self._buzzer is not None:
                times, on_s = BEEPS[colour]
                _play(self._buzzer, times=times, on_s=on_s)

    def close(self) -> None:
        """Switch off and release the pins."""
        self._closed = True
        try:
            # As a context, the stack is closed even if a pin fails when it is switched off.
            with device_errors(), self._taken:
                for device in (*self._lamps.values(), *([self._buzzer] if self._buzzer else [])):
                    device.off()
        except DeviceError as error:
            log.warning("the lamp can't be switched off: %s", error)


def _play(device: Any, *, times: int, on_s: float) -> None:
    # Switch on in this thread, so that an error of the pin is raised here. In the thread that blinks it would be lost.
    device.on()
    device.blink(on_time=on_s, off_time=PAUSE_S, n=times)
