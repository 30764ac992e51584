"""The machine has the devices that the other files here need. This test says which are missing."""

from pathlib import Path

import pytest

DRIVER = "none"
STACK = "Debian 13 in QEMU, TCG"


@pytest.mark.parametrize("place", ["/dev/uinput", "/dev/video0", "/dev/udmabuf", "/sys/kernel/config/gpio-sim"])
def test_device(place: str) -> None:
    assert Path(place).exists()
