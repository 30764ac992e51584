"""A line between a station and its county that counts what it carries, and breaks where it is told to."""

import fcntl
import select
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_RECORD = struct.Struct(">BHH")
"""Type, version and length of a TLS record (RFC 8446, 5.1)."""
_APPLICATION_DATA = 23
_TAG_AND_TYPE = 17
"""Of a record's bytes, what is not content: the AEAD's tag and the inner type (RFC 8446, 5.2)."""
PACKET = 1_460


@dataclass
class Carried:
    """Payload of TCP in bytes."""

    up: int = 0
    down: int = 0
    content_down: int = 0
    """What was inside the county's records once the station had made its first request: answers with their headers, and
    session tickets. Handshakes are not in it. Of a record that broke off, what came of it."""
    connections: int = 0
    breaks: int = 0


class CountingProxy:
    """Carries connections to a port, one thread for each."""

    def __init__(self, port: int, *, broken: Callable[[], None] = lambda: None) -> None:
        """Listen.

        Args:
            port: Of the county, on loopback.
            broken: Called after each break, before the station can notice more than the break.
        """
        self._target = port
        self._broken = broken
        self.carried = Carried()
        self.break_after: int | None = None
        """After how many more bytes down the connection of that moment breaks."""
        self.next_break: Callable[[], int | None] = lambda: None
        """Says after each break where the next one is."""
        self.hard = True
        """Whether it breaks by a reset, or by an end in good order."""
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                station, _ = self._server.accept()
            except OSError:
                return
            self.carried.connections += 1
            threading.Thread(target=self._carry, args=(station,), daemon=True).start()

    def _carry(self, station: socket.socket) -> None:
        records = _Records()
        with station, socket.create_connection(("127.0.0.1", self._target)) as county:
            # What the county has written and the proxy has not read yet is not carried.
            while True:
                readable, _, _ = select.select([station, county], [], [], 60)
                if not readable:
                    return
                try:
                    if station in readable and not self._up(station, county, records):
                        return
                    if county in readable and not self._down(county, station, records):
                        return
                except OSError:
                    return

    def _up(self, station: socket.socket, county: socket.socket, records: "_Records") -> bool:
        data = station.recv(PACKET)
        self.carried.up += len(data)
        records.asked(data)
        county.sendall(data)
        return bool(data)

    def _down(self, county: socket.socket, station: socket.socket, records: "_Records") -> bool:
        data = county.recv(PACKET)
        breaks = False
        with self._lock:
            if self.break_after is not None and len(data) >= self.break_after:
                data, breaks = data[: self.break_after], True
        station.sendall(data)
        with self._lock:
            self.carried.down += len(data)
            self.carried.content_down += records.content_of(data)
            if self.break_after is not None:
                self.break_after -= len(data)
            if breaks:
                self.carried.breaks += 1
                self.break_after = self.next_break()
        if breaks:
            if self.hard:
                # A reset throws away what is still in this socket's buffer, and that was not carried then.
                while _unsent(station):
                    time.sleep(0.001)
                station.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._broken()
        return bool(data) and not breaks


def _unsent(sock: socket.socket) -> int:
    """Return how many bytes the peer has not acknowledged (tcp(7), SIOCOUTQ)."""
    return int(struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0])


class _Records:
    """Follows the records of one connection, without a key."""

    def __init__(self) -> None:
        self._flights = 0
        self._head = b""
        self._left = 0
        self._is_data = False
        self._last_was_up = False

    def asked(self, data: bytes) -> None:
        """Note bytes of the station: the first flight is its hello, the second ends the handshake and asks."""
        if data and not self._last_was_up:
            self._flights += 1
        self._last_was_up = True

    def content_of(self, data: bytes) -> int:
        """Return how many bytes of content the county's next bytes hold."""
        self._last_was_up = False
        found = 0
        while data:
            if not self._left:
                need = _RECORD.size - len(self._head)
                self._head += data[:need]
                data = data[need:]
                if len(self._head) < _RECORD.size:
                    break
                kind, _, self._left = _RECORD.unpack(self._head)
                self._head, self._is_data = b"", kind == _APPLICATION_DATA
                if self._is_data and self._flights > 1:
                    found -= _TAG_AND_TYPE
            part = data[: self._left]
            self._left -= len(part)
            data = data[len(part) :]
            found += len(part) if self._is_data and self._flights > 1 else 0
        return found
