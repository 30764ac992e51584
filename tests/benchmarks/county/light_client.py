"""A small MQTT 5.0 client for thousands of connections in one process: no queue, no thread, a few hundred bytes each.

It knows what a station needs of MQTT: to connect by a certificate or without, to subscribe, to publish with QoS 1, and
to hear. It keeps nothing. Whoever uses it gets each packet that the broker sends by a callback.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable, Iterable
from typing import override

_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 2, 3, 4, 9
_RECEIVE_MAXIMUM = 0x21
_CLEAN_START = 0x02
_NO_ONE_LISTENS = 0x10
KEEPALIVE_S = 400
"""Shorter than the longest that the broker allows. Of 500 that asked for exactly that Mosquitto 2.0.21 cut 49 as silent
in the second after they had come, when it had stood still for some seconds over their handshakes."""


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def _packet(first: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([first]) + bytes(length) + body


class LightClient(asyncio.Protocol):
    """One connection. ``ready`` is done once the broker has let it in, and has taken its subscriptions if it has any.

    Attributes:
        on_message: Called with topic and payload of what the broker sends.
        on_acknowledged: Called with packet id and reason code of each PUBACK.
    """

    __slots__ = ("_buffer", "_filters", "_name", "_transport", "ended", "on_acknowledged", "on_message", "ready")

    def __init__(self, name: str, filters: Iterable[str] = ()) -> None:
        self._name = name
        self._filters = list(filters)
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.on_message: Callable[[str, bytes], None] = lambda *_: None
        self.on_acknowledged: Callable[[int, int], None] = lambda *_: None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        properties = struct.pack(">BH", _RECEIVE_MAXIMUM, 1_000)
        head = _text("MQTT") + bytes([5, _CLEAN_START]) + struct.pack(">H", KEEPALIVE_S)
        transport.write(_packet(0x10, head + bytes([len(properties)]) + properties + _text(self._name)))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self._name}: {exc or 'the broker hung up'}"))
        if not self.ended.done():
            self.ended.set_result(None)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while (end := self._end_of(at)) is not None:
            body, end_at = end
            self._take(self._buffer[at], bytes(self._buffer[body:end_at]))
            at = end_at
        del self._buffer[:at]

    def _end_of(self, at: int) -> tuple[int, int] | None:
        """Return where the body of the packet at this place begins and ends; None if not all of it is here."""
        length = shift = 0
        for place in range(at + 1, min(at + 5, len(self._buffer))):
            digit = self._buffer[place]
            length |= (digit & 0x7F) << shift
            if not digit & 0x80:
                end = place + 1 + length
                return (place + 1, end) if end <= len(self._buffer) else None
            shift += 7
        return None

    def _take(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == _CONNACK:
            self._let_in(body[1])
        elif kind == _SUBACK:
            self.ready.set_result(None)
        elif kind == _PUBACK:
            self.on_acknowledged(int.from_bytes(body[:2]), body[2] if len(body) > 2 else 0)
        elif kind == _PUBLISH:
            self._heard(body, qos=first >> 1 & 3)

    def _let_in(self, reason: int) -> None:
        if reason:
            self.ready.set_exception(ConnectionError(f"{self._name}: refused with {reason:#x}"))
        elif self._filters:
            asked = b"".join(_text(one) + b"\x01" for one in self._filters)
            self._write(_packet(0x82, b"\x00\x01\x00" + asked))
        else:
            self.ready.set_result(None)

    def _heard(self, body: bytes, *, qos: int) -> None:
        at = 2 + int.from_bytes(body[:2])
        topic = body[2:at].decode()
        if qos:
            self._write(_packet(0x40, body[at : at + 2]))
            at += 2
        # The broker sends no property longer than 127 bytes, so their length is one byte.
        self.on_message(topic, body[at + 1 + body[at] :])

    def publish(self, topic: str, payload: bytes, *, mid: int) -> None:
        """Send with QoS 1 under a packet id from 1 on."""
        self._write(_packet(0x32, _text(topic) + struct.pack(">HB", mid, 0) + payload))

    def ping(self) -> None:
        """Keep the connection alive."""
        self._write(b"\xc0\x00")

    def close(self) -> None:
        """End the connection in good order."""
        if self._transport is not None:
            self._write(b"\xe0\x00")
            self._transport.close()

    def _write(self, packet: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(packet)


def was_delivered(reason: int) -> bool:
    """Tell whether a PUBACK says that somebody took the message."""
    return reason < 0x80 and reason != _NO_ONE_LISTENS


async def connected(
    port: int, name: str, filters: Iterable[str] = (), *, tls: ssl.SSLContext | None = None
) -> LightClient:
    """Return a client that the broker on 127.0.0.1 has let in.

    Raises:
        ConnectionError: It refused.
    """
    loop = asyncio.get_running_loop()
    host = "127.0.0.1" if tls else None
    _, client = await loop.create_connection(
        lambda: LightClient(name, filters), "127.0.0.1", port, ssl=tls, server_hostname=host
    )
    await client.ready
    return client
