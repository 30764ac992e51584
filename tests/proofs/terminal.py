"""A kiosk on a pseudo-terminal: keys go in, and what it writes is handed on as it comes."""

import contextlib
import fcntl
import os
import pty
import secrets
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kiosk_tui import watched
from kiosk_tui.watching import watch
from kiosk_tui.watching.session_line import SESSION_VARIABLE

_READ_BYTES = 65_536
_END_WITHIN_S = 10.0


class KioskTerminal:
    """A program, and the terminal that it draws on.

    It begins at once. The program gets no environment but what a kiosk needs.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int,
        rows: int,
        read: Callable[[bytes], None],
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """
        Args:
            command: A module and its arguments.
            read: Takes what the program writes, on a thread of its own.
            environment: More than the terminal's own.
        """
        self._read = read
        self._master, slave = pty.openpty()
        _set_size(slave, columns, rows)
        self._program = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=slave,
            stdout=slave,
            # Textual draws on this one.
            stderr=slave,
            env={
                "PATH": os.environ["PATH"],
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "COLORTERM": "truecolor",
                **(environment or {}),
            },
            start_new_session=True,
            pass_fds=pass_fds,
        )
        os.close(slave)
        self._thread = threading.Thread(target=self._see, name="kiosk-screen", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The program's pid."""
        return self._program.pid

    def ended(self) -> bool:
        """Whether the program has ended by itself."""
        return self._program.poll() is not None

    def send(self, data: bytes) -> None:
        """Have the terminal send bytes. A program that has ended takes none; `ended` tells of it."""
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size. The program draws everything anew."""
        _set_size(self._master, columns, rows)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGWINCH)

    def close(self) -> None:
        """End the program, and read what it wrote to its end."""
        self._program.terminate()
        try:
            self._program.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._thread.join()
        os.close(self._master)

    def _see(self) -> None:
        while True:
            try:
                data = os.read(self._master, _READ_BYTES)
            except OSError:  # EIO: the program has ended
                return
            if not data:
                return
            self._read(data)


def kiosk_alone(
    program: str,
    socket: Path,
    *,
    columns: int,
    rows: int,
    read: Callable[[bytes], None],
    session: Path | None = None,
) -> KioskTerminal:
    """Start a kiosk as the program that watches it does, but that nobody starts it again when it ends.

    Args:
        program: The kiosk's module, and arguments for it.
        socket: The agent's.
        session: The socket at which whoever gave the terminal hears what size of text is wanted.
    """
    _, beat = os.pipe()  # read by nobody; a pipe holds the beats of half a day
    more = {watch.TOKEN_VARIABLE: secrets.token_hex(16), watched.BEAT_VARIABLE: str(beat)}
    if session is not None:
        more[SESSION_VARIABLE] = str(session)
    try:
        return KioskTerminal(
            [*program.split(), "--socket", str(socket)],
            columns=columns,
            rows=rows,
            read=read,
            environment=more,
            pass_fds=(beat,),
        )
    finally:
        os.close(beat)


def _set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
