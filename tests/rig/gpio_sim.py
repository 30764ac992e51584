"""A Raspberry Pi's header out of the kernel's gpio-sim: its lines are set and looked at from outside the driver.

Needs root, configfs and the module (linux: Documentation/admin-guide/gpio/gpio-sim.rst).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path("/sys/kernel/config/gpio-sim")
LINES = 54
"""As many as the BCM2835 to BCM2837 have, and its kernel driver's name: lgpio and gpiozero see a Pi's chip."""
LABEL = "pinctrl-bcm2835"


class Header:
    """One simulated chip."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self.number = number

    def level(self, line: int) -> int:
        """Return the level of a line as someone with a meter sees it."""
        return int((self._folder / f"sim_gpio{line}" / "value").read_text())

    def pull(self, line: int, *, high: bool) -> None:
        """Pull an input line from outside."""
        (self._folder / f"sim_gpio{line}" / "pull").write_text("pull-up" if high else "pull-down")


@contextmanager
def header() -> Iterator[Header]:
    """Make a chip and remove it again."""
    device = CONFIG / f"cunhui-{os.getpid()}"
    bank = device / "bank0"
    bank.mkdir(parents=True)
    try:
        (bank / "num_lines").write_text(str(LINES))
        (bank / "label").write_text(LABEL)
        (device / "live").write_text("1")
        chip = (bank / "chip_name").read_text().strip()
        platform = (device / "dev_name").read_text().strip()
        yield Header(Path("/sys/devices/platform") / platform / chip, int(chip.removeprefix("gpiochip")))
    finally:
        (device / "live").write_text("0")
        bank.rmdir()
        device.rmdir()
