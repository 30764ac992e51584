"""The two ways to a camera's process: one that the agent starts, and one that the service manager starts for it.

Started by the service manager (socket activation, ``Accept=yes``: systemd.socket(5)) it has a user and a sandbox of its
own, as `firmware_scripts/systemd` sets up: no network, no keys, no outbox. On both ways a line with a file name goes
down and a line with the answer comes back, see `agent.camera.camera_process`.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_MAX_LINE = 1_000
_CONNECT_S = 5.0


class CameraLine(Protocol):
    """One camera process that runs."""

    def alive(self) -> bool:
        """Whether it has not ended, as far as can be seen without asking."""

    def ask(self, line: str, *, within_s: float) -> str:
        """Send a line and return the answer, or in words why there is none.

        Raises:
            OSError: The process is gone.
        """

    def read(self, size: int, *, within_s: float) -> bytes:
        """Return so many bytes that follow an answer.

        Raises:
            OSError: They do not come.
        """

    def interrupt(self) -> None:
        """From any thread: let an `ask` that waits return."""

    def end(self) -> None:
        """End the process and let it go."""


class SpawnedCamera:
    """A child of the agent, killed when it is ended. Implements `CameraLine`."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it. Raises OSError."""
        self._child = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """The child's."""
        return self._child.pid

    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child.poll() is None

    def ask(self, line: str, *, within_s: float) -> str:
        """See `CameraLine`."""
        child = self._child
        if child.stdin is None or child.stdout is None:
            return "the camera's process has no pipes"
        child.stdin.write(line.encode() + b"\n")
        child.stdin.flush()
        return _answer(child.stdout.fileno(), within_s) or self._last_word()

    def read(self, size: int, *, within_s: float) -> bytes:
        """See `CameraLine`."""
        if self._child.stdout is None:
            raise BrokenPipeError("no pipes")
        return _bytes(self._child.stdout.fileno(), size, within_s)

    def _last_word(self) -> str:
        """Say how a child ended that closed its pipe."""
        try:
            code = self._child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the camera's process fell silent"
        return f"the camera's process ended by {signal.Signals(-code).name if code < 0 else f'exit {code}'}"

    def interrupt(self) -> None:
        """Kill the child."""
        self._child.kill()

    def end(self) -> None:
        """Kill the child and close its pipes."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()


class ServedCamera:
    """A process behind a unix socket, which ends when the connection does. Implements `CameraLine`."""

    def __init__(self, path: Path, told: Sequence[str]) -> None:
        """Connect; ``told`` is what a child would be told as its arguments. Raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(_CONNECT_S)
            self._socket.connect(str(path))
            self._socket.sendall(json.dumps(list(told)).encode() + b"\n")
        except OSError:
            self._socket.close()
            raise

    def alive(self) -> bool:
        """Whether the other end is open: it says nothing that it was not asked for."""
        return not select.select([self._socket], [], [], 0)[0]

    def ask(self, line: str, *, within_s: float) -> str:
        """See `CameraLine`."""
        self._socket.sendall(line.encode() + b"\n")
        return _answer(self._socket.fileno(), within_s) or "the camera's process ended"

    def read(self, size: int, *, within_s: float) -> bytes:
        """See `CameraLine`."""
        return _bytes(self._socket.fileno(), size, within_s)

    def interrupt(self) -> None:
        """Shut the connection down."""
        with contextlib.suppress(OSError):  # the other end has gone before
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close the connection; a process that hangs is ended by its own alarm."""
        self.interrupt()
        self._socket.close()


def _answer(descriptor: int, within_s: float) -> str:
    """Return the next line, also the beginning of one that is not ended; nothing where the other end is closed."""
    give_up = time.monotonic() + within_s
    line = b""
    while not line.endswith(b"\n") and len(line) < _MAX_LINE:
        if not _readable(descriptor, give_up):
            return f"no picture within {within_s:g} s"
        part = os.read(descriptor, 1)
        if not part:
            break
        line += part
    return line.decode("utf-8", "replace").strip()


def _bytes(descriptor: int, size: int, within_s: float) -> bytes:
    give_up = time.monotonic() + within_s
    read = b""
    while len(read) < size:
        if not _readable(descriptor, give_up):
            raise TimeoutError("half a frame")
        part = os.read(descriptor, size - len(read))
        if not part:
            raise BrokenPipeError("half a frame")
        read += part
    return read


def _readable(descriptor: int, give_up: float) -> bool:
    return bool(select.select([descriptor], [], [], max(0.0, give_up - time.monotonic()))[0])
