"""Payload bytes of TCP connections as the kernel counts them: what a metered line is billed for, without headers."""

import socket
import struct
import threading

_COUNTERS = struct.Struct("=QQ")
_OFFSET = 120
"""Of tcpi_bytes_acked and tcpi_bytes_received in struct tcp_info (linux/tcp.h, since Linux 4.1)."""


class Traffic:
    """Bytes (sent and acknowledged, received) of all connections, those that are open included. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._past = (0, 0)
        self._open: dict[int, socket.socket] = {}

    def opened(self, sock: object) -> None:
        """Count ``sock`` from now on, where it is a TCP socket."""
        if isinstance(sock, socket.socket):
            with self._lock:
                self._open[id(sock)] = sock

    def closing(self, sock: object) -> None:
        """Keep what ``sock`` has moved; call it before the socket is closed."""
        with self._lock:
            known = self._open.pop(id(sock), None)
            if known is not None:
                self._past = _add(self._past, _payload(known))

    def total(self) -> tuple[int, int]:
        """Return the sums so far."""
        with self._lock:
            total = self._past
            for sock in self._open.values():
                total = _add(total, _payload(sock))
            return total


def _payload(sock: socket.socket) -> tuple[int, int]:
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _OFFSET + _COUNTERS.size)
    except OSError:
        return (0, 0)
    acknowledged, received = _COUNTERS.unpack_from(info, _OFFSET)
    return (max(acknowledged - 1, 0), received)  # the SYN counts as one acknowledged byte


def _add(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    return (left[0] + right[0], left[1] + right[1])
