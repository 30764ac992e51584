"""A TCP relay that treats connections as bad lines do: it delays, stalls, swallows, cuts and trickles.

A fault applies to every byte that comes while it is set. A connection that was swallowed passes nothing ever again and
is closed at neither end, like one that a mobile network has forgotten. Buffers are small, so that a slow line is slow
from its first kilobytes on.
"""

import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass
from time import monotonic, sleep

_BUFFER_BYTES = 4_096
_PIECE_BYTES = 1_024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST (socket(7))."""
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Line:
    """How the line is. The default is a good line."""

    latency_s: float = 0.0
    bytes_per_s: float = 0.0
    """0: as fast as it can."""
    stalled: bool = False
    """Takes nothing. What waits comes through later."""
    swallows: bool = False
    """Connections that are open now are dead from here on, and neither end is told; with ``new`` also those that are
    made later."""
    new: bool = False
    refuses: bool = False
    """New connections are reset."""
    reset_after_bytes: int | None = None
    """After this many bytes from now, either way, every connection is reset."""


class Proxy:
    """Listens at ``host`` and relays to a port of 127.0.0.1."""

    def __init__(self, to_port: int, *, host: str = "127.0.0.1") -> None:
        self._to_port = to_port
        self._listener = socket.create_server((host, 0))
        self.host, self.port = host, int(self._listener.getsockname()[1])
        self.line = Line()
        self._left = 0
        self._closed = False
        self._lock = threading.Lock()
        self._open: list[_Pair] = []
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def become(self, line: Line) -> None:
        """Change the line."""
        with self._lock:
            self._left = line.reset_after_bytes or 0
            if line.swallows:
                for pair in self._open:
                    pair.dead = True
            self.line = line

    def cut(self) -> None:
        """Reset every connection that the line still knows."""
        with self._lock:
            living = [pair for pair in self._open if not pair.dead]
        for pair in living:
            pair.close(reset=True)

    def spend(self, count: int) -> bool:
        """Count bytes that pass; return whether the line breaks at them."""
        with self._lock:
            if self.line.reset_after_bytes is None:
                return False
            self._left -= count
            return self._left < 0

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                raise
            line = self.line
            pair = _Pair(self, near, dead=line.swallows and line.new)
            if line.refuses:
                pair.close(reset=True)
                continue
            with self._lock:
                self._open = [other for other in self._open if not other.over] + [pair]
            pair.start(self._to_port)

    def close(self) -> None:
        """End everything."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._open:
            pair.close(reset=True)


class _Pair:
    """One connection through the relay."""

    def __init__(self, proxy: Proxy, near: socket.socket, *, dead: bool) -> None:
        self._proxy = proxy
        self.dead = dead
        self.over = False
        self._ends = [near]
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)

    def start(self, to_port: int) -> None:
        """Begin to relay. A connection that is dead from the beginning never reaches the other side."""
        near = self._ends[0]
        if self.dead:
            threading.Thread(target=self._pass, args=(near, near), daemon=True).start()
            return
        try:
            far = socket.create_connection(("127.0.0.1", to_port), timeout=5)
        except OSError:
            self.close(reset=True)
            return
        far.settimeout(None)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._ends.append(far)
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(self._at_once()):
                self._travel(len(piece))
                if self.dead:
                    continue
                if self._proxy.spend(len(piece)):
                    self.close(reset=True)
                    return
                sink.sendall(piece)
        except OSError:
            pass
        if not self.dead:
            self.close(reset=False)
        elif source is self._ends[0]:
            # This end is closed, and the other end is never told.
            source.close()

    def _at_once(self) -> int:
        rate = self._proxy.line.bytes_per_s
        return max(1, min(_PIECE_BYTES, int(rate / 4))) if rate else _PIECE_BYTES * 16

    def _travel(self, count: int) -> None:
        """Wait for as long as the line takes. The line may change meanwhile."""
        began = monotonic()
        while not self.dead and not self.over:
            line = self._proxy.line
            due = began + line.latency_s + (count / line.bytes_per_s if line.bytes_per_s else 0.0)
            left = due - monotonic()
            if line.stalled:
                sleep(_PAUSE_S)
            elif left > 0:
                sleep(min(left, _PAUSE_S))
            else:
                return

    def close(self, *, reset: bool) -> None:
        """Close both ends, by RST or in good order."""
        self.over = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                else:
                    end.shutdown(socket.SHUT_RDWR)
            if reset:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RD)
                end.close()


def draw_line(kind: str, chance: random.Random) -> Line:
    """Return a line with the fault that ``kind`` names."""
    match kind:
        case "latency":
            return Line(latency_s=chance.uniform(0.05, 0.6))
        case "stall":
            return Line(stalled=True)
        case "half_open":
            return Line(swallows=True)
        case "black_hole":
            return Line(swallows=True, new=True)
        case "refused":
            return Line(refuses=True)
        case "reset":
            return Line(reset_after_bytes=chance.choice((0, 1, chance.randrange(600), chance.randrange(6_000))))
        case "one_byte_a_second":
            return Line(bytes_per_s=1.0)
        case "15_kbit":
            return Line(bytes_per_s=15_000 / 8)
        case _:
            return Line()
