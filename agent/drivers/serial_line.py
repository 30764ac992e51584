"""Readers on a serial port (UART, RS-232 or a USB converter): the port, and the frames in the received bytes."""

import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import serial

from agent.config.settings import ConfigSettings, Setting, between, shaped
from agent.drivers.looping_reader import LoopingReader
from agent.ports import DeviceError

_WRITE_WITHIN_S = 1.0
_SERIAL_KINDS = ("ttyUSB", "ttyACM", "ttyAMA")
"""USB converters, CDC-ACM, and a Pi's own UART."""
_SILENCE_S = 2.0
"""If nothing came for so long, a half frame is dropped. A frame takes 50 ms; the rest is for a busy machine."""


def serial_settings(*, baud: int) -> ConfigSettings:
    """Return the settings of a serial reader.

    Args:
        baud: The rate that it has from the factory.
    """
    port = shaped(r"/\S+", "/dev/serial/by-id/usb-xxxx-if00-port0 或 /dev/serial0")
    return {
        "port": Setting(str, required=True, check=port, takes="串口"),
        "baud": Setting(int, baud, check=between(1_200, 921_600)),
    }


class SerialReader(LoopingReader):
    """A reader on a serial port that the agent has for itself, 8 data bits, no parity, one stop bit."""

    def __init__(self, *, port: str, baud: int, mono_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(mono_s=mono_s)
        self._port, self._baud = port, baud
        self._lock = threading.Lock()
        self._line: serial.Serial | None = None

    def _converse(self, line: serial.Serial) -> None:
        """Read cards until `_stopping` is set. An OSError or termios.error means that the port is gone.

        Raises:
            DeviceError: The reader does not answer.
        """
        raise NotImplementedError

    def _attend(self) -> None:
        try:
            line = serial.Serial(self._port, self._baud, write_timeout=_WRITE_WITHIN_S, exclusive=True)
            with self._lock:
                self._line = line
            try:
                # The kernel may still have bytes of a card that was read before the agent looked.
                line.reset_input_buffer()
                self._converse(line)
            finally:
                # Under the lock, because `_wake` on another thread must not meet a port that is being closed.
                with self._lock:
                    self._line = None
                    line.close()
        except (OSError, termios.error) as error:
            raise DeviceError(f"{self._port}: {error}") from error

    def _wake(self) -> None:
        with self._lock:
            if self._line is not None:
                self._line.cancel_read()


class Frames:
    """Finds frames in bytes, whatever stands between them. No I/O.

    A frame goes from a start byte to one of the end bytes. If the format has no start byte, it goes from the end of the
    frame before. A start byte inside a frame begins anew, because the frame before it was cut off.
    """

    def __init__(self, *, end: bytes, longest: int, start: bytes = b"") -> None:
        self._start, self._end, self._longest = start, end, longest
        self._open = not start
        self._body = bytearray()

    def restart(self) -> None:
        """Drop a frame that was begun."""
        self._open = not self._start
        self._body.clear()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that ``data`` completes, without start and end. None of them is empty."""
        found: list[bytes] = []
        for byte in data:
            if byte in self._start:
                self._body.clear()
                self._open = True
            elif byte in self._end:
                if self._open and 0 < len(self._body) <= self._longest:
                    found.append(bytes(self._body))
                self.restart()
            elif self._open and len(self._body) <= self._longest:
                # One byte too many is kept, so that a frame that is too long is recognised at its end.
                self._body.append(byte)
        return found


class ListeningReader(SerialReader):
    """A serial reader that sends a frame for each card by itself.

    Nobody can ask it whether it is well, so it counts as ready while its port is there.
    """

    frame_start: ClassVar[bytes] = b""
    frame_end: ClassVar[bytes] = b"\r\n"
    frame_longest: ClassVar[int]
    """The most bytes between start and end; a longer frame is no card."""

    def _card_in(self, frame: bytes) -> str | None:
        """Return the UID in a frame as hex, empty for a card that can't be read, None if it is no card at all."""
        raise NotImplementedError

    def _converse(self, line: serial.Serial) -> None:
        frames = Frames(start=self.frame_start, end=self.frame_end, longest=self.frame_longest)
        self._set_ready(True)
        last_s = time.monotonic()
        while not self._stopping.is_set():
            data = line.read(max(1, line.in_waiting))
            before_s, last_s = last_s, time.monotonic()
            if last_s - before_s > _SILENCE_S:
                frames.restart()
            for frame in frames.feed(data):
                if (card := self._card_in(frame)) is not None:
                    self._card_lies(card)


def present_ports(device_folder: Path = Path("/dev")) -> list[str]:
    """Return the serial ports to which a reader may be wired, each once, by its lasting name if it has one."""
    names = [*sorted(device_folder.glob("serial/by-id/*")), device_folder / "serial0"]
    for kind in _SERIAL_KINDS:
        names += sorted(device_folder.glob(f"{kind}*"))
    ports: dict[Path, str] = {}
    for name in names:
        if name.exists():
            ports.setdefault(name.resolve(), str(name))
    return list(ports.values())
