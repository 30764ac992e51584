"""gpiozero without what finds packages and their files, which costs the agent 0.8 MB of memory.

gpiozero looks for a pin library among the installed packages where it is told of none, and reads a font for displays
of seven segments. The drivers here name their pin library and have no such display.
"""

from types import ModuleType
from typing import Any

from agent.drivers.left_out import left_out


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
}

with left_out(STAND_INS):
    from gpiozero import LED, Buzzer, DigitalInputDevice
    from gpiozero.exc import GPIOZeroError

__all__ = ["LED", "STAND_INS", "Buzzer", "DigitalInputDevice", "GPIOZeroError"]
