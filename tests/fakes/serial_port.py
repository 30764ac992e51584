"""A serial port without hardware: a pseudo-terminal (pty(7)), which can be unplugged and plugged in again."""

import contextlib
import os
import tty
from pathlib import Path
from types import TracebackType
from typing import Self


class SerialPort:
    """The far end of a serial line. ``path`` is what the driver opens: a link, as /dev/serial/by-id has them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "reader-port"
        self._far: int | None = None
        self.plug()

    def plug(self) -> None:
        """Let the port be there."""
        self._far, near = os.openpty()
        tty.setraw(near)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(near))
        os.close(near)

    def unplug(self) -> None:
        """Take the port away, also while somebody reads it."""
        self.path.unlink(missing_ok=True)
        if self._far is not None:
            os.close(self._far)
        self._far = None

    def send(self, data: bytes) -> None:
        """Let the driver read ``data``.

        Raises:
            OSError: The port is unplugged.
        """
        if self._far is None:
            raise OSError("unplugged")
        while data:
            data = data[os.write(self._far, data) :]

    def received(self) -> bytes:
        """Wait for bytes from the driver and return them; nothing when nobody has the port open."""
        if self._far is None:
            return b""
        with contextlib.suppress(OSError):
            return os.read(self._far, 4096)
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.unplug()
