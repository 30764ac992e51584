"""Which kinds of files each purpose allows, and how large they may be. A file's first bytes say what it is.

What a sender says of a file is never believed: browsers, players and decoders are chosen by what is judged here.
"""

from dataclasses import dataclass
from pathlib import Path

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
OGG, WAV, MP4, WEBM = "audio/ogg", "audio/wav", "video/mp4", "video/webm"
_HEAD_BYTES = 64
MAX_PIXELS = 4_000_000
"""Stills are 640 px wide; a picture that claims more than this is neither decoded nor shown."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a purpose allows."""

    types: tuple[str, ...]
    most_bytes: int


_PICTURE = Allowed((JPEG,), 4 * 2**20)
ALLOWED: dict[str, Allowed] = {
    "touch": _PICTURE,
    "requested": _PICTURE,
    "random": _PICTURE,
    "door": _PICTURE,
    "record": _PICTURE,
    "voice": Allowed((OGG, WAV), 4 * 2**20),
    "clip": Allowed((MP4, WEBM), 32 * 2**20),
    "paper": Allowed((JPEG, PNG, PDF), 8 * 2**20),
}
"""By purpose. ``log`` is not here, because it is text that only the station's page shows as such."""
_UNANNOUNCED = Allowed((JPEG, PNG), 8 * 2**20)
"""Every picture that any purpose allows: it is decoded when it is whole, and never in the transaction of a fact."""


def judged_type(path: Path, purpose: str) -> str:
    """Return the media type of a whole file; an empty text if its purpose does not allow it or it is too large.

    A file that no fact has announced yet has no purpose, and counts as a picture.
    """
    allowed = ALLOWED.get(purpose) if purpose else _UNANNOUNCED
    if allowed is None or path.stat().st_size > allowed.most_bytes:
        return ""
    with path.open("rb") as file:
        found = type_of(file.read(_HEAD_BYTES))
    return found if found in allowed.types else ""


def type_of(head: bytes) -> str:
    """Return the media type that the first bytes of a file announce; an empty text for any other."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"OggS") and b"OpusHead" in head:  # RFC 7845: Opus alone, which any browser plays
        return OGG
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp" and head[8:12] in (b"isom", b"iso2", b"mp41", b"mp42", b"avc1"):
        return MP4
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:  # EBML's document type
        return WEBM
    return ""
