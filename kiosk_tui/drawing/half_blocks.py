"""Draw a picture in cells: each has two pixels, one over the other, as the colours of a half block."""

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from textual.content import Content

MAX_PIXELS = 1_000_000
"""More would need too much memory here. The county scales pictures far below it."""
_FORMATS = ("PNG", "JPEG", "WEBP")


class Shape(NamedTuple):
    """Cells of a picture as it is drawn: each is as wide as two of its pixels are high."""

    width: int
    height: int


def can_be_drawn(picture: bytes) -> bool:
    """Tell whether this is a picture, of a size that there is memory for."""
    return bool(picture) and _pixels_of(picture) is not None


def fitted(picture: bytes, room: Shape) -> Shape | None:
    """Return how many cells a picture takes that is as large as fits a room; None if it can't be drawn."""
    pixels = _pixels_of(picture)
    if pixels is None:
        return None
    width, height = pixels
    scale = min(room.width / width, 2 * room.height / height)
    return Shape(max(1, round(width * scale)), -(-max(1, round(height * scale)) // 2))


@lru_cache(maxsize=1)
def _pixels_of(picture: bytes) -> tuple[int, int] | None:
    # Here and not above: a kiosk whose documents have no pictures needs no memory for it.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 -- see above

    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            return opened.size if opened.width * opened.height <= MAX_PIXELS else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


@lru_cache(maxsize=1)
def draw(picture: bytes, width: int, height: int) -> list[Content] | None:
    """Return a picture in at most ``height`` lines of ``width`` cells, or None if it can't be drawn."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 -- see above

    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            scale = min(width / opened.width, 2 * height / opened.height)
            size = max(1, round(opened.width * scale)), max(1, round(opened.height * scale))
            pixels = opened.convert("RGB").resize(size).tobytes()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    return list(_lines(pixels, *size))


def _lines(pixels: bytes, width: int, height: int) -> Iterator[Content]:
    for top in range(0, height, 2):
        parts: list[tuple[str, str]] = []
        for at in range(width):
            above = _colour(pixels, top * width + at)
            below = _colour(pixels, (top + 1) * width + at) if top + 1 < height else ""
            style = f"{above} on {below}" if below else above
            if parts and parts[-1][1] == style:
                parts[-1] = (parts[-1][0] + "▀", style)
            else:
                parts.append(("▀", style))
        yield Content.assemble(*parts)


def _colour(pixels: bytes, place: int) -> str:
    return "#" + pixels[place * 3 : place * 3 + 3].hex()
