"""Judge the sound of a clip by its headers, so that nothing that is too long or no sound is ever decoded.

A clip is Opus (RFC 6716) in Ogg (RFC 3533, RFC 7845): one stream, one channel. Its length is what its packets say of
themselves, because the time stamps of its pages may say anything.
"""

from collections.abc import Iterator

from protocol.refusal import Refused

MAX_CLIP_BYTES = 512 * 1024
MAX_CLIP_MS = 60_000
CLIP_MEDIA_TYPE = "audio/ogg"

_PAGE_HEAD = 27
_CONTINUES = 0x01
_FRAME_US = (
    *(10_000, 20_000, 40_000, 60_000) * 3,
    *(10_000, 20_000) * 2,
    *(2_500, 5_000, 10_000, 20_000) * 4,
)
"""The length of a frame by the first five bits of a packet (RFC 6716, table 2)."""
_MAX_PACKET_US = 120_000


def judge_clip(data: bytes) -> int:
    """Return how long a clip lasts, in milliseconds.

    Raises:
        Refused: ``too_large`` for more bytes or a longer time than a clip may have, ``malformed`` for what is no clip.
    """
    if len(data) > MAX_CLIP_BYTES:
        raise Refused("too_large", f"a clip of {len(data)} bytes")
    packets = _packets(data)
    head, tags = next(packets, b""), next(packets, b"")
    # RFC 7845, section 5.1: magic, version, channels, pre-skip, rate, gain, mapping family.
    if len(head) < 19 or not head.startswith(b"OpusHead") or head[8] & 0xF0 or not tags.startswith(b"OpusTags"):
        raise Refused("malformed", "no Opus in Ogg")
    if head[9] != 1 or head[18] != 0:
        raise Refused("malformed", f"{head[9]} channels")
    lasts_us = 0
    for packet in packets:
        lasts_us += _packet_us(packet)
        if lasts_us > MAX_CLIP_MS * 1_000:
            raise Refused("too_large", f"a clip of more than {MAX_CLIP_MS} ms")
    if not lasts_us:
        raise Refused("malformed", "a clip without sound")
    return -(-lasts_us // 1_000)


def _packet_us(packet: bytes) -> int:
    """Return how long a packet lasts (RFC 6716, section 3.1)."""
    if not packet:
        raise Refused("malformed", "an empty packet")
    count = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)[packet[0] & 0x03]
    lasts = count * _FRAME_US[packet[0] >> 3]
    if not 0 < lasts <= _MAX_PACKET_US:
        raise Refused("malformed", "a packet of no or too long time")
    return lasts


def _packets(data: bytes) -> Iterator[bytes]:
    """Yield the packets of the one stream (RFC 3533, section 6)."""
    begun: bytes | None = None
    serial, at = b"", 0
    while at < len(data):
        head = data[at : at + _PAGE_HEAD]
        if len(head) < _PAGE_HEAD or not head.startswith(b"OggS\x00"):
            raise Refused("malformed", "no Ogg page")
        serial = serial or head[14:18]
        if head[14:18] != serial or bool(head[5] & _CONTINUES) != (begun is not None):
            raise Refused("malformed", "another stream, or a page is missing")
        lacing = data[at + _PAGE_HEAD : at + _PAGE_HEAD + head[26]]
        at += _PAGE_HEAD + head[26]
        if len(lacing) < head[26] or at + sum(lacing) > len(data):
            raise Refused("malformed", "half a page")
        for size in lacing:
            begun = (begun or b"") + data[at : at + size]
            at += size
            if size < 255:
                yield begun
                begun = None
    if begun is not None:
        raise Refused("malformed", "half a packet")
