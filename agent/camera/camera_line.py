"""The two ways to reach a camera's process: as a child of the agent, or over a socket of the service manager.

The service manager starts one process for each connection (socket activation, ``Accept=yes``: systemd.socket(5)). It
gives the process a user and a sandbox of its own (`firmware_scripts/systemd`): no network, no keys, no outbox.
The agent and the process say the same on both ways: `agent.camera.camera_protocol`.
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

from agent.camera.camera_protocol import NoReply, Reply, parse_reply

_MAX_LINE = 1_000
"""Of a reply. A camera's process that was broken into must not fill the agent's memory with a line that never ends."""
_CONNECT_S = 5.0


class CameraLine(Protocol):
    """The connection to one camera process that runs."""

    def alive(self) -> bool:
        """Return whether the process still runs, as far as can be seen without asking it."""

    def ask(self, request: str, *, within_s: float) -> Reply:
        """Send a request and return the reply.

        Raises:
            NoReply: None came in time, the process ended, or it said something else.
            OSError: The process was gone before it could be asked.
        """

    def read(self, size: int, *, within_s: float) -> bytes:
        """Return so many bytes that follow a reply.

        Raises:
            OSError: They do not come.
        """

    def interrupt(self) -> None:
        """Let an `ask` that waits on another thread return. May be called from any thread."""

    def end(self) -> None:
        """End the process and close the connection."""


class SpawnedCamera:
    """A child of the agent, killed when it is ended. Implements `CameraLine`."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it. Raises OSError."""
        # A session of its own: a Ctrl-C at a developer's terminal must not reach it before the agent has ended it.
        self._child = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def alive(self) -> bool:
        """Return whether the child runs."""
        return self._child.poll() is None

    def ask(self, request: str, *, within_s: float) -> Reply:
        """See `CameraLine`."""
        child = self._child
        if child.stdin is None or child.stdout is None:
            raise NoReply("the camera's process has no pipes")
        child.stdin.write(request.encode() + b"\n")
        child.stdin.flush()
        return parse_reply(_read_line(child.stdout.fileno(), within_s) or self._how_it_ended())

    def read(self, size: int, *, within_s: float) -> bytes:
        """See `CameraLine`."""
        if self._child.stdout is None:
            raise BrokenPipeError("no pipes")
        return _read_bytes(self._child.stdout.fileno(), size, within_s)

    def _how_it_ended(self) -> str:
        """Say how a child ended that closed its pipe or said an empty line."""
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

    def __init__(self, path: Path, arguments: Sequence[str]) -> None:
        """Connect and send the arguments that a child would be started with. Raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(_CONNECT_S)
            self._socket.connect(str(path))
            self._socket.sendall(json.dumps(list(arguments)).encode() + b"\n")
        except OSError:
            self._socket.close()
            raise

    def alive(self) -> bool:
        """Return whether the other end is open."""
        # The process says nothing unasked, so the socket can be readable only because the other end has closed it.
        return not select.select([self._socket], [], [], 0)[0]

    def ask(self, request: str, *, within_s: float) -> Reply:
        """See `CameraLine`."""
        self._socket.sendall(request.encode() + b"\n")
        return parse_reply(_read_line(self._socket.fileno(), within_s) or "the camera's process ended")

    def read(self, size: int, *, within_s: float) -> bytes:
        """See `CameraLine`."""
        return _read_bytes(self._socket.fileno(), size, within_s)

    def interrupt(self) -> None:
        """Shut the connection down."""
        with contextlib.suppress(OSError):  # the other end has gone before
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close the connection; a process that hangs is ended by its own alarm."""
        self.interrupt()
        self._socket.close()


def _read_line(descriptor: int, within_s: float) -> str:
    """Return the next line, also one without its end, or an empty string if the other end is closed.

    Raises:
        NoReply: It does not come in time.
    """
    give_up = time.monotonic() + within_s
    line = b""
    while not line.endswith(b"\n") and len(line) < _MAX_LINE:
        if not _readable(descriptor, give_up):
            raise NoReply(f"no picture within {within_s:g} s")
        # Byte by byte: what follows the line feed of ``frame SIZE`` must stay in the pipe for `_read_bytes`.
        part = os.read(descriptor, 1)
        if not part:
            break
        line += part
    return line.decode("utf-8", "replace").strip()


def _read_bytes(descriptor: int, size: int, within_s: float) -> bytes:
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
