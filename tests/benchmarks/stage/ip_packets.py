"""Count the IP packets of one TCP port on the loopback interface, as they would be on a line of 1,500 bytes."""

import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_ETH_P_IP = 0x0800
"""A socket for this protocol alone gets each loopback packet once: when it is received (packet(7))."""
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER = 8 << 20
_HEADER_BYTES = 52
"""IPv4 and TCP with timestamps (RFC 9293, RFC 7323)."""
_MTU = 1_500
_SYN_ALONE = 0x02
_FLAGS_OF_INTEREST = 0x12


@dataclass(slots=True)
class Counted:
    """The packets that passed."""

    packets: int = 0
    bytes: int = 0
    """IP total length of all."""
    connects: int = 0
    segmentation_bytes: int = 0
    """The bytes that headers and acknowledgements would add on a line of 1,500 bytes, where the loopback's larger
    segments must be split."""
    missed: int = 0
    """Packets that this counter missed because it was too slow."""


class PacketCounter:
    """Counts while the context lasts. ``counted`` is complete after it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.settimeout(0.1)
        self._socket.bind(("lo", _ETH_P_IP))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._count, name="packets", daemon=True)
        self.counted = Counted()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self.counted.missed = struct.unpack("II", statistics)[1]
        self._socket.close()

    def _count(self) -> None:
        while not self._ended.is_set():
            try:
                self._take(self._socket.recv(128))
            except TimeoutError:
                continue

    def _take(self, packet: bytes) -> None:
        length, protocol = struct.unpack_from(">2xH5xB", packet)
        at = (packet[0] & 0x0F) * 4
        if protocol != socket.IPPROTO_TCP or self._port not in struct.unpack_from(">HH", packet, at):
            return
        self.counted.packets += 1
        self.counted.bytes += length
        self.counted.connects += packet[at + 13] & _FLAGS_OF_INTEREST == _SYN_ALONE
        self.counted.segmentation_bytes += segmentation_bytes(length)


def segmentation_bytes(length: int) -> int:
    """Return the additional cost of a packet of ``length`` bytes that must travel as several: headers, and every other
    ACK."""
    if length <= _MTU:
        return 0
    segments = -(-(length - _HEADER_BYTES) // (_MTU - _HEADER_BYTES))
    return (segments - 1) * _HEADER_BYTES + segments // 2 * _HEADER_BYTES
