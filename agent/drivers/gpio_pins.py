"""The pins of a Raspberry Pi: their settings in ``station.toml``, and how gpiozero reaches them through lgpio.

lgpio uses the kernel's ``/dev/gpiochipN``. When it is loaded it makes a pipe ``.lgd-nfy0`` in the working directory
(lgpio 0.2.2, lgNotify.c). So that directory must be writable; the agent's unit sets one that is.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agent.config.settings import Setting, between
from agent.drivers.gpiozero_alone import GPIOZeroError
from agent.ports import DeviceError

log = logging.getLogger(__name__)

CHIP = Setting(int, 0, check=between(0, 9))
"""Number of the header's ``/dev/gpiochipN``: 0, but 4 on a Pi 5 with a kernel before 6.6.45."""


def pin(*, required: bool) -> Setting:
    """Return the setting of a pin by its BCM number (the header has 2 to 27; 0 and 1 belong to add-on boards)."""
    # Two settings with the same number clash whatever their chip, because only one chip's pins are on the header.
    return Setting(int, required=required, check=between(2, 27), takes="引脚 GPIO")


def lgpio_pins(chip: int) -> Any:
    """Return gpiozero's factory for the real pins."""
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 -- needs lgpio, which only a Pi has

    return LGPIOFactory(chip=chip)


def close_factory(factory: Any) -> None:
    """Close the chip, even if one of its pins can't be reset because another program uses it."""
    try:
        factory.close()
    except _errors() as error:
        log.info("a pin is left as it is: %s", error)
        factory.pins.clear()
        factory.close()


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn what gpiozero and lgpio raise into `DeviceError`."""
    try:
        yield
    except _errors() as error:
        raise DeviceError(f"{type(error).__name__}: {error}") from error


def _errors() -> tuple[type[Exception], ...]:
    lgpio = sys.modules.get("lgpio")
    return (GPIOZeroError, OSError, ImportError, *([lgpio.error] if lgpio else []))
