"""The machine has what the other files here need; where it has not, this says so."""

from pathlib import Path

import pytest

DRIVER = "none"
STACK = "Debian 13 in QEMU, TCG"


@pytest.mark.parametrize("place", ["/dev/uinput", "/dev/video0", "/dev/udmabuf", "/sys/kernel/config/gpio-sim"])
def test_device(place: str) -> None:
    assert Path(place).exists()
