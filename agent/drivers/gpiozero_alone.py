"""gpiozero without what finds packages and their files, averages values and mixes colours: 1.4 MB of memory less.

gpiozero looks for a pin library among the installed packages where it is told of none, and reads a font for displays
of seven segments. The drivers here name their pin library, have no such display, and know only on and off.
"""

from types import ModuleType
from typing import Any

from protocol.left_out import left_out, with_nothing_of


class _NoPackages(ModuleType):
    """Stands for ``importlib_metadata``."""

    @staticmethod
    def entry_points(**_sought: Any) -> tuple[()]:
        """Return nothing: no package is looked for."""
        return ()


STAND_INS = {
    # gpiozero takes these two where they are installed, and only otherwise those of the standard library.
    "importlib_metadata": _NoPackages("importlib_metadata"),
    "importlib_resources": ModuleType("importlib_resources"),
    # What a sensor's values are averaged with, and the colours of a lamp of three.
    "statistics": with_nothing_of("statistics", "mean", "median"),
    "colorzero": with_nothing_of("colorzero", "Color"),
}

with left_out(STAND_INS):
    from gpiozero import LED, Buzzer, DigitalInputDevice
    from gpiozero.exc import GPIOZeroError

__all__ = ["LED", "STAND_INS", "Buzzer", "DigitalInputDevice", "GPIOZeroError"]
