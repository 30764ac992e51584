"""MQTT 5 packets for the proof's own stations, written from the standard. It uses no code of the product."""

from collections.abc import Sequence


def length(value: int) -> bytes:
    """Return a variable byte integer (1.5.5)."""
    written = bytearray()
    while True:
        value, byte = divmod(value, 128)
        written.append(byte | (128 if value else 0))
        if not value:
            return bytes(written)


def text(value: str) -> bytes:
    """Return a UTF-8 string (1.5.4)."""
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def packet(first: int, body: bytes) -> bytes:
    """Return a control packet (2.1)."""
    return bytes((first,)) + length(len(body)) + body


def connect(station: str) -> bytes:
    """Return a CONNECT (3.1) with clean start, a keep-alive of 60 s and no properties."""
    return packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c\x00" + text(station))


def subscribe(filters: Sequence[str], *, mid: int = 1) -> bytes:
    """Return a SUBSCRIBE (3.8) by QoS 1."""
    return packet(0x82, mid.to_bytes(2, "big") + b"\x00" + b"".join(text(one) + b"\x01" for one in filters))


def unsubscribe(filters: Sequence[str], *, mid: int = 1) -> bytes:
    """Return an UNSUBSCRIBE (3.10)."""
    return packet(0xA2, mid.to_bytes(2, "big") + b"\x00" + b"".join(map(text, filters)))


def publish(topic: str, payload: bytes, *, mid: int = 0, properties: bytes = b"") -> bytes:
    """Return a PUBLISH (3.3): by QoS 1 with a packet id, else by QoS 0."""
    body = text(topic) + (mid.to_bytes(2, "big") if mid else b"") + length(len(properties)) + properties + payload
    return packet(0x32 if mid else 0x30, body)


def puback(mid: int) -> bytes:
    """Return a PUBACK (3.4)."""
    return b"\x40\x02" + mid.to_bytes(2, "big")


def take(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take the first whole packet out of ``buffer``: its first byte and its body."""
    value = at = 0
    while True:
        if at + 1 >= len(buffer):
            return None
        byte = buffer[at + 1]
        value |= (byte & 127) << (7 * at)
        at += 1
        if byte < 128:
            break
    end = 1 + at + value
    if len(buffer) < end:
        return None
    first, body = buffer[0], bytes(buffer[1 + at : end])
    del buffer[:end]
    return first, body


def published(first: int, body: bytes) -> tuple[str, int, bytes]:
    """Return topic, packet id and payload of a PUBLISH that has short properties or none."""
    end = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:end].decode()
    mid = 0
    if first & 0x06:
        mid = int.from_bytes(body[end : end + 2], "big")
        end += 2
    return topic, mid, body[end + 1 + body[end] :]
