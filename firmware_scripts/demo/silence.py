"""A sound that nobody hears, for questions with a voice where a machine has none."""

import struct
import zlib

_SILENT_20_MS = b"\xf8\xff\xfe"
"""A frame of Opus (RFC 6716): CELT, full band, 20 ms, one channel, without sound."""
_FRAMES = 10


def silence() -> bytes:
    """Return a fifth of a second without a sound: Opus in Ogg (RFC 7845), one channel."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<II", 0, 0)
    return (
        _page([head], number=0, flags=2)
        + _page([tags], number=1)
        + _page([_SILENT_20_MS] * _FRAMES, number=2, flags=4, granule=_FRAMES * 20 * 48)
    )


def _page(packets: list[bytes], *, number: int, flags: int = 0, granule: int = 0) -> bytes:
    """Return an Ogg page of whole short packets (RFC 3533, section 6)."""
    before = b"OggS\x00" + struct.pack("<BqII", flags, granule, 1, number)
    after = bytes([len(packets), *map(len, packets)]) + b"".join(packets)
    return before + struct.pack("<I", _checksum(before + bytes(4) + after)) + after


def _checksum(page: bytes) -> int:
    # Ogg's polynomial is zlib's with the bits the other way round, and without a complement.
    turned = bytes(int(f"{one:08b}"[::-1], 2) for one in page)
    return int(f"{zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF:032b}"[::-1], 2)
