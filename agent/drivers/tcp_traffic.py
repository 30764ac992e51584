"""How much TCP connections moved, as the kernel counts it: their payload, and the bytes that a metered line is billed
for.

The billed bytes are an estimate: payload both ways with retransmissions, and one header for each segment both ways with
acknowledgements. The kernel counts all of these (struct tcp_info of linux/tcp.h; the counters of RFC 4898). A header is
IPv4's 20 bytes (RFC 791) or IPv6's 40 (RFC 8200), TCP's 20 (RFC 9293) and 12 for timestamps (RFC 7323). Name
look-ups, handshakes that fail, and what a radio network adds below IP are not counted.
"""

import socket
import struct
import threading

from msgspec import Struct

_FORMAT = struct.Struct("=120xQQII56xQ")
"""tcpi_bytes_acked, _bytes_received, _segs_out, _segs_in and, at offset 200, _bytes_sent (since Linux 4.19)."""
_TCP_HEADER_BYTES = 32
_IP_HEADER_BYTES = {socket.AF_INET: 20, socket.AF_INET6: 40}


class MovedBytes(Struct, frozen=True):
    """In bytes. ``acknowledged`` and ``received`` are payload; ``billed`` are the IP packets both ways."""

    acknowledged: int = 0
    received: int = 0
    billed: int = 0

    def __add__(self, other: "MovedBytes") -> "MovedBytes":
        return MovedBytes(
            self.acknowledged + other.acknowledged, self.received + other.received, self.billed + other.billed
        )


class TcpTraffic:
    """The sums over all connections, open ones included. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._past = MovedBytes()
        self._open: dict[int, socket.socket] = {}

    def opened(self, sock: object) -> None:
        """Count ``sock`` from now on, if it is a socket."""
        if isinstance(sock, socket.socket):
            with self._lock:
                self._open[id(sock)] = sock

    def closing(self, sock: object) -> None:
        """Keep what ``sock`` has moved. Call it before the socket is closed, because the kernel's counters go with
        it."""
        with self._lock:
            known = self._open.pop(id(sock), None)
            if known is not None:
                self._past += moved_by(known)

    def total(self) -> MovedBytes:
        """Return the sums so far."""
        with self._lock:
            return sum((moved_by(sock) for sock in self._open.values()), start=self._past)


def moved_by(sock: socket.socket) -> MovedBytes:
    """Return what one connection has moved; nothing if the kernel does not report it."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _FORMAT.size)
    except OSError:
        return MovedBytes()
    if len(info) < _FORMAT.size:
        return MovedBytes()
    acknowledged, received, out, back, sent = _FORMAT.unpack(info)
    header = _TCP_HEADER_BYTES + _IP_HEADER_BYTES.get(sock.family, 0)
    # The SYN counts as one acknowledged byte.
    return MovedBytes(max(acknowledged - 1, 0), received, sent + received + (out + back) * header)
