"""Decode a picture: to see whether it is whole, or to make it small.

This module knows no database, because only a process without one uses it (`server_broker.media.opening`).
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from server_broker.media.kinds import MAX_PIXELS

THUMBNAIL = (240, 180)
"""Most width and height of a thumbnail, in pixels."""
FOR_KIOSK = (320, 320)
"""Most width and height of a picture in a document, in pixels: a kiosk has fewer half cells."""
FOR_KIOSK_BYTES = 30_000
MAX_PHOTO_PIXELS = 50_000_000
"""More than any telephone's camera takes; decoded it fits into the memory of the process that does it."""
MAX_SCANS = 100
"""A scan costs something however few pixels it has: 60 kB with some thousand scans take seconds."""
WHOLE_SCANS = 12
"""Of the largest picture that is allowed; a smaller one may have more. A scan goes over the whole picture, whatever few
bytes it has. Cameras write one, and libjpeg writes 10 of a progressive picture in colours and 6 of a grey one
(``jpeg_simple_progression``). The small picture in the data of a camera (Exif) counts as one, too."""
_START_OF_SCAN = b"\xff\xda"
_BROKEN = (
    *(UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning),
    # Pillow raises all of these for broken files.
    *(OSError, SyntaxError, ValueError, IndexError, EOFError),
)


def is_whole_picture(source: Path | BinaryIO, *, formats: tuple[str, ...] = ("JPEG", "PNG")) -> bool:
    """Tell whether bytes are a whole picture of one of ``formats`` and of a sane number of pixels."""
    try:
        with _opened(source, formats) as picture:
            picture.load()
    except _BROKEN:
        return False
    return True


def thumbnail(source: Path | BinaryIO) -> bytes:
    """Return a small JPEG of a JPEG; no bytes if it is none."""
    try:
        with _opened(source, ("JPEG",)) as picture:
            # The JPEG is then decoded at a half, a quarter or an eighth of its size, which is much faster.
            picture.draft("RGB", THUMBNAIL)
            picture.thumbnail(THUMBNAIL)
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=70)
    except _BROKEN:
        return b""
    return out.getvalue()


def pixels_of(source: Path | BinaryIO) -> int:
    """Return how many pixels a picture says that it has, without decoding it; 0 if it is none or has too many."""
    try:
        with _opened(source, ("JPEG", "PNG"), pixels=MAX_PHOTO_PIXELS) as picture:
            return picture.width * picture.height
    except _BROKEN:
        return 0


def for_kiosk(source: Path | BinaryIO) -> bytes:
    """Return a picture so small that a kiosk is sent it in one line: a PNG, or a JPEG where that is too large. No bytes
    if it can't be decoded or has too many pixels."""
    try:
        with _opened(source, ("JPEG", "PNG"), pixels=MAX_PHOTO_PIXELS) as picture:
            picture.draft("RGB", FOR_KIOSK)
            picture.thumbnail(FOR_KIOSK)
            clear = picture.convert("RGBA")
            flat = Image.new("RGB", clear.size, "white")
            flat.paste(clear, mask=clear.getchannel("A"))
    except _BROKEN:
        return b""
    small = _written(flat, "PNG", optimize=True)
    for quality in (85, 70, 50, 30, 10):
        if len(small) <= FOR_KIOSK_BYTES:
            return small
        small = _written(flat, "JPEG", quality=quality)
    return small if len(small) <= FOR_KIOSK_BYTES else b""


def _written(picture: Image.Image, form: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@contextmanager
def _opened(source: Path | BinaryIO, formats: tuple[str, ...], *, pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=formats) as picture:
            # Before anything is decoded, which allocates memory for as many pixels as the file claims to have.
            if picture.width * picture.height > pixels:
                raise ValueError("too many pixels")
            if picture.format == "JPEG":
                scans = _scans(source)
                if scans > MAX_SCANS or scans * picture.width * picture.height > WHOLE_SCANS * pixels:
                    raise ValueError("too many scans")
            yield picture


def _scans(source: Path | BinaryIO) -> int:
    """Return how often the marker of a scan stands in a file. What is between markers can't hold it (JPEG, B.1.1.5)."""
    if isinstance(source, Path):
        return source.read_bytes().count(_START_OF_SCAN)
    place = source.seek(0, io.SEEK_CUR)
    source.seek(0)
    found = source.read().count(_START_OF_SCAN)
    source.seek(place)
    return found
