"""What a kiosk tells the program that gave it a terminal (`kiosk_tui.session`): a size of text, or that it fell.

Datagrams of one line on a unix socket in the session's own folder. Without such a program nothing is told.
"""

import contextlib
import os
import socket
from pathlib import Path

from kiosk_tui.drawing.textsize import SIZE_NAMES
from protocol.units import TextSizeName

SESSION_VARIABLE = "CUNHUI_KIOSK_SESSION"
ONE_SIZE_VARIABLE = "CUNHUI_KIOSK_ONE_SIZE"
"""Set to 1 if the screen has no room for larger text."""
_MOST_BYTES = 600


class SessionLine:
    """The kiosk's end.

    Args:
        path: The session's socket.
        one_size: The screen has no room for larger text.
    """

    def __init__(self, path: Path, *, one_size: bool = False) -> None:
        self._path = path
        self.one_size = one_size

    @classmethod
    def of_environment(cls) -> "SessionLine | None":
        """Return the line to the session that this kiosk belongs to; None in a plain terminal."""
        path = os.environ.get(SESSION_VARIABLE)
        return cls(Path(path), one_size=os.environ.get(ONE_SIZE_VARIABLE) == "1") if path else None

    def set_size(self, size: TextSizeName) -> None:
        """Ask for a size of text."""
        self._say(f"size {size}")

    def report(self, what: str) -> None:
        """Tell what became of a kiosk, for the journal."""
        self._say(f"said {what}")

    def _say(self, line: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            # A session that is gone takes its terminal with it, and this program.
            with contextlib.suppress(OSError):
                sock.sendto(line.encode()[:_MOST_BYTES], str(self._path))


class SessionEar:
    """The session's end. A context manager."""

    def __init__(self, path: Path) -> None:
        """Listen.

        Raises:
            OSError: The socket can't be bound.
        """
        path.unlink(missing_ok=True)
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(str(path))
        self._sock.setblocking(False)

    def __enter__(self) -> "SessionEar":
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()
        self._path.unlink(missing_ok=True)

    def fileno(self) -> int:
        """Return the descriptor to wait for before `hear`."""
        return self._sock.fileno()

    def hear(self) -> tuple[TextSizeName | None, str]:
        """Return a size that was asked for, and a line for the journal; nothing of a line that says neither."""
        kind, _, text = self._sock.recv(_MOST_BYTES).decode(errors="replace").partition(" ")
        size = next((name for name in SIZE_NAMES if kind == "size" and text == name), None)
        return size, text if kind == "said" else ""
