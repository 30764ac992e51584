"""The few packets of MQTT 5.0 that the county's own client writes and reads. Pure: no socket, no clock.

The broker's queue to the ingest worker is one for all stations. So what one station sends too much of must be read away
as fast as the broker can write it, or it stands before what the others send. Paho reads 12,000 to 18,000 messages a
second, and Mosquitto writes more than 100,000; so these packets are split here (ADR 61).

Numbers in parentheses are sections of the standard (OASIS, 2019).
"""

from collections.abc import Sequence
from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
"""Control packet types (2.1.2) that a broker sends to us."""
PINGREQ_PACKET = b"\xc0\x00"
DISCONNECT_PACKET = b"\xe0\x00"

_SESSION_EXPIRY, _RECEIVE_MAXIMUM, _MAXIMUM_PACKET_SIZE = 0x11, 0x21, 0x27
_SUBSCRIBE_OPTIONS = 0x01 | 0x04 | 0x20
"""QoS 1, not our own messages, and no retained ones (3.8.3.1): nothing of the contract is retained."""
_LONGEST_LENGTH = 4
_FAILURE = 0x80

_SIZES = {0x01: 1, 0x11: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}
"""Bytes of the properties of fixed size (2.2.2.2) that a CONNACK may have. The others are text or pairs of it."""
_TEXTS = {0x12: 1, 0x15: 1, 0x16: 1, 0x1A: 1, 0x1C: 1, 0x1F: 1, 0x26: 2}
"""How many strings each of those has."""


class Malformed(Exception):
    """What came is no packet of MQTT 5.0, or is larger than we said that we take. The connection must end."""


class Publish(NamedTuple):
    """A message that came. ``mid`` is its packet id, 0 with QoS 0."""

    topic: bytes
    mid: int
    retained: bool
    payload: bytes


class Accepted(NamedTuple):
    """The broker's answer to a CONNECT. ``reason`` is 0 if it let us in."""

    reason: int
    receive_maximum: int


def split(buffer: bytes | bytearray, *, most: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return the whole packets at the begin of ``buffer``, each as (first byte, rest), and how many bytes they take.

    Raises:
        Malformed: A packet is longer than ``most`` bytes, or its length is no length.
    """
    packets = []
    at, end = 0, len(buffer)
    while end - at >= 2:
        length, start = buffer[at + 1], at + 2
        if length & 0x80:
            length, start = _variable(buffer, at + 1)
            if not start:
                break
        if length > most:
            raise Malformed(f"a packet of {length} bytes")
        if start + length > end:
            break
        packets.append((buffer[at], bytes(buffer[start : start + length])))
        at = start + length
    return packets, at


def _variable(buffer: bytes | bytearray, at: int) -> tuple[int, int]:
    """Return a variable byte integer (1.5.5) and where it ends; (0, 0) if it has not come whole."""
    value = 0
    for number in range(_LONGEST_LENGTH):
        if at + number >= len(buffer):
            return 0, 0
        byte = buffer[at + number]
        value |= (byte & 0x7F) << (7 * number)
        if not byte & 0x80:
            return value, at + number + 1
    raise Malformed("a length of more than four bytes")


def read_publish(first: int, body: bytes) -> Publish:
    """Return the message in a PUBLISH (3.3).

    Raises:
        Malformed: It has no topic, or parts of it are missing.
    """
    try:
        at = 2 + (body[0] << 8 | body[1])
        topic = body[2:at]
        mid = 0
        if first & 0x06:
            mid = body[at] << 8 | body[at + 1]
            at += 2
        if body[at]:
            # Properties say nothing that we need. Aliases would, but we allow none (3.1.2.11.5).
            length, at = _variable(body, at)
            at += length
        else:
            at += 1
    except IndexError as error:
        raise Malformed("a PUBLISH that ends too soon") from error
    if not topic or at > len(body):
        raise Malformed("a PUBLISH without a topic, or one that ends too soon")
    return Publish(topic, mid, bool(first & 0x01), body[at:])


def read_connack(body: bytes) -> Accepted:
    """Return the answer to our CONNECT (3.2).

    Raises:
        Malformed: It is none.
    """
    receive_maximum = 65_535
    try:
        length, at = _variable(body, 2)
        end = at + length
        while at < end:
            name = body[at]
            if name == _RECEIVE_MAXIMUM:
                receive_maximum = int.from_bytes(body[at + 1 : at + 3])
            at += 1 + _property_size(name, body, at + 1)
        return Accepted(body[1], receive_maximum)
    except (IndexError, KeyError) as error:
        raise Malformed("a CONNACK that nobody can read") from error


def _property_size(name: int, body: bytes, at: int) -> int:
    if name in _SIZES:
        return _SIZES[name]
    size = 0
    for _ in range(_TEXTS[name]):
        size += 2 + int.from_bytes(body[at + size : at + size + 2])
    return size


def read_mid(body: bytes) -> int:
    """Return the packet id of a PUBACK or SUBACK.

    Raises:
        Malformed: It has none.
    """
    if len(body) < 2:
        raise Malformed("no packet id")
    return body[0] << 8 | body[1]


def refused_filters(body: bytes) -> list[int]:
    """Return the reason codes of a SUBACK (3.9.3) that mean a refusal."""
    length, at = _variable(body, 2)
    return [reason for reason in body[at + length :] if reason >= _FAILURE]


def connect(
    client_id: str, username: str, password: str, *, keep_alive_s: int, receive_maximum: int, max_packet: int
) -> bytes:
    """Return a CONNECT (3.1): a clean start, and a session that ends with its connection."""
    properties = (
        bytes((_SESSION_EXPIRY,))
        + (0).to_bytes(4)
        + bytes((_RECEIVE_MAXIMUM,))
        + receive_maximum.to_bytes(2)
        + bytes((_MAXIMUM_PACKET_SIZE,))
        + max_packet.to_bytes(4)
    )
    # 0xC2: a user name, a password, a clean start (3.1.2.3).
    head = _text("MQTT") + b"\x05\xc2" + keep_alive_s.to_bytes(2) + _length(len(properties)) + properties
    return _packet(0x10, head + _text(client_id) + _text(username) + _text(password))


def subscribe(mid: int, filters: Sequence[str]) -> bytes:
    """Return a SUBSCRIBE (3.8)."""
    asked = b"".join(_text(one) + bytes((_SUBSCRIBE_OPTIONS,)) for one in filters)
    return _packet(0x82, mid.to_bytes(2) + b"\x00" + asked)


def publish(topic: str, payload: bytes, *, mid: int = 0) -> bytes:
    """Return a PUBLISH (3.3): by QoS 1 with a packet id, by QoS 0 without."""
    first = 0x30 | (0x02 if mid else 0)
    return _packet(first, _text(topic) + (mid.to_bytes(2) if mid else b"") + b"\x00" + payload)


def puback(mid: int) -> bytes:
    """Return a PUBACK (3.4) with the reason "success", which is left out."""
    return b"\x40\x02" + mid.to_bytes(2)


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


def _length(value: int) -> bytes:
    written = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        written.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(written)
