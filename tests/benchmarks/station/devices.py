"""Every device that a station can have here: which software under the driver is real, and what stands in for the
device.

The bench's machine has no USB readers, no camera and no pins, so the device at the end of each stack is simulated. The
agent's drivers, and the libraries and daemons between them and the device, are those of a village.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import reduce
from operator import xor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fakes.pcscd import DOOR, Pcscd
from tests.fakes.pn532_chip import Pn532Chip
from tests.fakes.serial_port import SerialPort

STACKS = {
    "simulated": "the simulated reader's socket",
    "pcsc": "real: pyscard, Debian's pcscd with vsmartcard-vpcd; played: the card",
    "em4100_serial": "real: pyserial, the kernel's tty layer; played: the module, at the far end of a pseudo-terminal",
    "pn532": "real: pyserial, the kernel's tty layer; played: the chip, at the far end of a pseudo-terminal",
    "qr_scanner": "real: pyserial, the kernel's tty layer; played: the scanner, at the far end of a pseudo-terminal",
    "wedge": "real: evdev; no such keyboard is plugged in, so it looks for one all the time",
    "keyboards": "real: evdev; no keyboard is plugged in",
    "indicator": "real: gpiozero; played: the pins, by gpiozero's mock factory",
    "inputs": "real: gpiozero; played: the pins, by gpiozero's mock factory, which rest",
    "camera": "real: the worker process with its limits and Pillow's JPEG; played: the camera, by the simulated driver",
    "machine": "real: /proc, /sys, statvfs of this machine",
    "time_service": "real: whatever time service this machine says it has",
    "link": "real: paho over mutual TLS 1.3, its bytes counted",
}
"""Each part by its name in ``station.toml``."""

_SECTIONS = """\
[[reader]]
driver = "simulated"
socket = "{touch}"

[[reader]]
driver = "pcsc"

[[reader]]
driver = "em4100_serial"
port = "{em4100}"

[[reader]]
driver = "pn532"
port = "{pn532}"

[[reader]]
driver = "qr_scanner"
port = "{qr}"

[[reader]]
driver = "wedge"
usb = "ffff:0035"
format = "decimal"

[keyboards]
allowed = []

[indicator]
driver = "gpio"
green = 17
amber = 27
red = 22
buzzer = 23
witness = "{lamp}"

[[input]]
name = "door"
driver = "gpio"
kind = "door"
pin = 24

[[input]]
name = "motion"
driver = "gpio"
kind = "motion"
pin = 25
pull = "down"

[camera]
driver = "simulated"
"""


class Devices:
    """Plugged in while the context lasts, for one station at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for name in ("pcscd", "em4100", "pn532", "qr"):
                (self._folder / name).mkdir(parents=True)
            self._pcscd = Pcscd(self._folder / "pcscd")
            self._pcscd.plug(DOOR)
            self._pcscd.start()
            stack.callback(self._pcscd.stop)
            # pcsc-lite's client looks here for its daemon (pcscd(8)); agents are started with this environment.
            os.environ["PCSCLITE_CSOCK_NAME"] = str(self._pcscd.socket)
            stack.callback(os.environ.pop, "PCSCLITE_CSOCK_NAME")
            self._em4100 = stack.enter_context(SerialPort(self._folder / "em4100"))
            self._qr = stack.enter_context(SerialPort(self._folder / "qr"))
            self._pn532 = SerialPort(self._folder / "pn532")
            self._chip = Pn532Chip(self._pn532)
            stack.callback(self._chip.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sections(self, *, touch: Path, lamp: Path) -> str:
        """Return their sections of ``station.toml``.

        Args:
            touch: The simulated reader's socket.
            lamp: The socket to which the indicator sends its lights.
        """
        return _SECTIONS.format(
            touch=touch, lamp=lamp, em4100=self._em4100.path, pn532=self._pn532.path, qr=self._qr.path
        )

    def laid(self) -> dict[str, Callable[[str], AbstractContextManager[object]]]:
        """Return, for each reader, how a card is laid on it. The card's number has ten hex digits or, for PC/SC,
        eight."""
        return {"pcsc": self._pcscd.card, "em4100_serial": self._tag, "pn532": self._on_chip, "qr_scanner": self._code}

    @contextmanager
    def _tag(self, number: str) -> Iterator[None]:
        check = reduce(xor, bytes.fromhex(number))
        self._em4100.send(b"\x02" + number.upper().encode() + f"{check:02X}".encode() + b"\x03")
        yield

    @contextmanager
    def _on_chip(self, uid: str) -> Iterator[None]:
        self._chip.cards = [uid]
        try:
            yield
        finally:
            self._chip.cards = []

    @contextmanager
    def _code(self, number: str) -> Iterator[None]:
        self._qr.send(f"CUNHUI:{number.upper()}\r\n".encode())
        yield
