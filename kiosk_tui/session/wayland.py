"""The small part of Wayland's protocol that the session needs, without a library.

The wire is described in "The Wayland Protocol", chapter 4 (wayland.freedesktop.org), the interfaces in wayland.xml:
32-bit words in the machine's own byte order, strings with their length and a final zero, padded to whole words.
"""

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

DISPLAY, REGISTRY = 1, 2
FIRST_FREE_ID = 3
_SYNC, _GET_REGISTRY, _BIND = 0, 1, 0
_DISPLAY_ERROR, GLOBAL, GLOBAL_REMOVE = 0, 0, 1
_HEADER = struct.Struct("=IHH")

type Event = tuple[int, int, bytes]
"""Who says it, the event's number, and its arguments."""


class NoScreen(Exception):
    """The compositor can't be reached, ended, or broke its protocol."""


class Wire:
    """A connection to the compositor. A context manager."""

    def __init__(self, path: Path) -> None:
        """Connect to a compositor's socket and ask for what it offers.

        Raises:
            NoScreen: It can't be reached.
        """
        self._next_id = FIRST_FREE_ID
        self._received = b""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise NoScreen(f"{path}: {error}") from error
        self.send(DISPLAY, _GET_REGISTRY, struct.pack("=I", REGISTRY))

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor to wait for before `listen`."""
        return self._socket.fileno()

    def new_id(self) -> int:
        """Return the id of an object that is about to be made."""
        self._next_id += 1
        return self._next_id - 1

    def send(self, receiver: int, opcode: int, body: bytes, *descriptors: int) -> None:
        """Make a request.

        Raises:
            NoScreen: The compositor has ended.
        """
        message = _HEADER.pack(receiver, opcode, _HEADER.size + len(body)) + body
        try:
            socket.send_fds(self._socket, [message], list(descriptors))
        except OSError as error:
            raise NoScreen(str(error)) from error

    def bind(self, name: int, interface: str, version: int) -> int:
        """Take one of the things that the compositor offers. Return its id."""
        made = self.new_id()
        self.send(REGISTRY, _BIND, struct.pack("=I", name) + _packed(interface) + struct.pack("=II", version, made))
        return made

    def listen(self) -> Iterator[Event]:
        """Return what the compositor says; wait if it says nothing.

        Raises:
            NoScreen: It ended, or says that a request was wrong.
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
            if sender == DISPLAY and opcode == _DISPLAY_ERROR:
                raise NoScreen(string(body, 8))
            yield sender, opcode, body

    def round_trip(self) -> list[Event]:
        """Wait until the compositor has dealt with all requests so far. Return what it said meanwhile.

        Raises:
            NoScreen: It ended, or says that a request was wrong.
        """
        done, said = self.new_id(), list[Event]()
        self.send(DISPLAY, _SYNC, struct.pack("=I", done))
        while not any(sender == done for sender, _, _ in said):
            said += self.listen()
        return said


def string(body: bytes, at: int) -> str:
    """Return the string in an event's arguments.

    Raises:
        NoScreen: The message is too short for one.
    """
    try:
        (length,) = struct.unpack_from("=I", body, at)
    except struct.error as error:
        raise NoScreen("a message that is too short") from error
    return body[at + 4 : at + 4 + max(length - 1, 0)].decode(errors="replace")


def _packed(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + bytes(-len(data) % 4)


def compositor_socket() -> Path:
    """Return where the compositor of this session listens.

    Raises:
        NoScreen: The environment names none.
    """
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        raise NoScreen("there is no WAYLAND_DISPLAY")
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name
