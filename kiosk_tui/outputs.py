"""Ask the compositor for the screen's size, with the small part of Wayland's protocol that this needs and no library.

The wire is described in "The Wayland Protocol", chapter 4 (wayland.freedesktop.org), the interfaces in wayland.xml:
32-bit words in the machine's own byte order, strings with their length and a final zero, padded to whole words.
"""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_DISPLAY, _REGISTRY = 1, 2
_FIRST_OUTPUT = 3
_GET_REGISTRY, _BIND = 1, 0
_DISPLAY_ERROR, _GLOBAL, _GLOBAL_REMOVE = 0, 0, 1
_GEOMETRY, _MODE, _DONE = 0, 1, 2
_CURRENT = 1
"""Flag of the mode that is in use."""
_OUTPUT_VERSION = 2
"""From this version on an output says when it has told everything (``done``)."""
_HEADER = struct.Struct("=IHH")


class NoScreen(Exception):
    """The compositor can't be reached, ended, or broke its protocol."""


@dataclass(slots=True)
class _Output:
    name: int
    size: tuple[int, int] = (0, 0)
    turned: bool = False
    """A quarter turn swaps width and height."""
    complete: bool = False

    def hear(self, opcode: int, body: bytes) -> None:
        if opcode == _GEOMETRY:
            # The transform is the last word, behind strings of any length. Odd ones are quarter turns.
            (transform,) = struct.unpack_from("=i", body, len(body) - 4)
            self.turned = transform % 2 == 1
            self.complete = False
        elif opcode == _MODE:
            flags, width, height, _ = struct.unpack_from("=Iiii", body)
            if flags & _CURRENT:
                self.size = (width, height)
                self.complete = False
        elif opcode == _DONE:
            # Only now do size and turn belong together. Between them the size could be that of a screen on its side.
            self.complete = True


class Outputs:
    """A connection to the compositor that keeps track of its outputs. A context manager."""

    def __init__(self, path: Path) -> None:
        """Connect to a compositor's socket.

        Raises:
            NoScreen: It can't be reached.
        """
        self._outputs: dict[int, _Output] = {}
        self._next_id = _FIRST_OUTPUT
        self._received = b""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
            self._send(_DISPLAY, _GET_REGISTRY, struct.pack("=I", _REGISTRY))
        except OSError as error:
            self._socket.close()
            raise NoScreen(f"{path}: {error}") from error

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor to wait for before `listen`."""
        return self._socket.fileno()

    def size(self) -> tuple[int, int] | None:
        """Return width and height in pixels of the output that was plugged in last; None while there is none."""
        known = [output for output in self._outputs.values() if output.complete and all(output.size)]
        if not known:
            return None
        width, height = known[-1].size
        return (height, width) if known[-1].turned else (width, height)

    def listen(self) -> None:
        """Take what the compositor says; wait if it says nothing.

        Raises:
            NoScreen: It ended.
        """
        try:
            piece = self._socket.recv(65_536)
        except OSError as error:
            raise NoScreen(str(error)) from error
        if not piece:
            raise NoScreen("the compositor has ended")
        self._received += piece
        while len(self._received) >= _HEADER.size:
            sender, opcode, length = _HEADER.unpack_from(self._received)
            if length < _HEADER.size:
                raise NoScreen("a message without a length")
            if len(self._received) < length:
                return
            body, self._received = self._received[_HEADER.size : length], self._received[length:]
            self._hear(sender, opcode, body)

    def _hear(self, sender: int, opcode: int, body: bytes) -> None:
        try:
            if sender == _DISPLAY and opcode == _DISPLAY_ERROR:
                raise NoScreen(_string(body, 8))
            if sender == _REGISTRY:
                (name,) = struct.unpack_from("=I", body)
                if opcode == _GLOBAL_REMOVE:
                    self._outputs = {key: output for key, output in self._outputs.items() if output.name != name}
                elif opcode == _GLOBAL and _string(body, 4) == "wl_output":
                    # The interface's name as a string on the wire: 9 letters and a zero, padded to 12 bytes.
                    interface = struct.pack("=I", 10) + b"wl_output\0\0\0"
                    new_id = struct.pack("=II", _OUTPUT_VERSION, self._next_id)
                    self._send(_REGISTRY, _BIND, struct.pack("=I", name) + interface + new_id)
                    self._outputs[self._next_id] = _Output(name)
                    self._next_id += 1
            elif sender in self._outputs:
                self._outputs[sender].hear(opcode, body)
        except struct.error as error:
            raise NoScreen("a message that is too short") from error

    def _send(self, receiver: int, opcode: int, body: bytes) -> None:
        self._socket.sendall(_HEADER.pack(receiver, opcode, _HEADER.size + len(body)) + body)


def _string(body: bytes, at: int) -> str:
    (length,) = struct.unpack_from("=I", body, at)
    return body[at + 4 : at + 4 + max(length - 1, 0)].decode(errors="replace")


def compositor_socket() -> Path:
    """Return where the compositor of this session listens.

    Raises:
        NoScreen: The environment names none.
    """
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        raise NoScreen("there is no WAYLAND_DISPLAY")
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name
