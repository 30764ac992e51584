"""Clips without a voice: silence in Ogg, in any length, with whatever is wrong with it."""

import struct
import zlib

from protocol.bundle_contents import Clip
from protocol.spoken_lines import SPOKEN

SILENT_20_MS = b"\xf8\xff\xfe"
"""One frame of silence (RFC 6716: CELT, full band, 20 ms, one channel)."""
SILENT_120_MS = b"\xfb\x06"
"""As long as a packet can be: six frames of 20 ms without sound."""


def head(channels: int = 1) -> bytes:
    """Return the first packet of Opus in Ogg (RFC 7845, 5.1)."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 312, 48_000, 0, 0)


TAGS = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)


def page(*packets: bytes, number: int = 0, flags: int = 0, granule: int = 0, serial: int = 7) -> bytes:
    """Return an Ogg page of whole packets (RFC 3533, 6)."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    assert len(lacing) <= 255
    before = b"OggS\x00" + struct.pack("<BqII", flags, granule, serial, number)
    after = bytes([len(lacing)]) + lacing + b"".join(packets)
    return before + struct.pack("<I", _crc(before + bytes(4) + after)) + after


def clip(*, lasts_ms: int = 200, packet: bytes = SILENT_20_MS, packet_ms: int = 20, channels: int = 1) -> bytes:
    """Return a clip of silence."""
    count = lasts_ms // packet_ms
    pages = [page(head(channels), flags=2), page(TAGS, number=1)]
    for at in range(0, count, 200):
        here = min(200, count - at)
        pages.append(page(*[packet] * here, number=2 + at // 200, granule=(at + here) * packet_ms * 48))
    return b"".join(pages)


def spoken(line: str, *, words: str | None = None) -> Clip:
    """Return what a bundle says of the clip of a line."""
    return Clip(line=line, item=f"{line}.opus", lasts_ms=200, words=SPOKEN[line] if words is None else words)


def _crc(data: bytes) -> int:
    # The polynomial is zlib's, with the bits the other way round and no complement.
    turned = bytes(_TURNED[one] for one in data)
    return int(f"{zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF:032b}"[::-1], 2)


_TURNED = [int(f"{one:08b}"[::-1], 2) for one in range(256)]
