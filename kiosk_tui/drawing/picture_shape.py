"""How large a picture is drawn, and whether it can be drawn at all. It knows no terminal: `half_blocks` draws."""

import io
from functools import lru_cache
from typing import NamedTuple

MAX_PIXELS = 1_000_000
"""More would need too much memory here. The county scales pictures far below it."""
FORMATS = ("PNG", "JPEG", "WEBP")


class Shape(NamedTuple):
    """Cells of a picture as it is drawn: each is as wide as two of its pixels are high."""

    width: int
    height: int


def can_be_drawn(picture: bytes) -> bool:
    """Tell whether this is a whole picture, of a size that there is memory for."""
    return bool(picture) and _pixels_of(picture, whole=True) is not None


def fitted(picture: bytes, room: Shape) -> Shape | None:
    """Return how many cells a picture takes that is as large as fits a room; None if it can't be drawn."""
    pixels = _pixels_of(picture)
    if pixels is None:
        return None
    width, height = pixels
    scale = min(room.width / width, 2 * room.height / height)
    return Shape(max(1, round(width * scale)), -(-max(1, round(height * scale)) // 2))


@lru_cache(maxsize=2)
def _pixels_of(picture: bytes, *, whole: bool = False) -> tuple[int, int] | None:
    """Return the size of a picture in pixels; None if it has none, is too large, or is to be whole and can't be read to
    its end."""
    # Here and not above: a kiosk whose county sends no pictures needs no memory for it.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 -- see above

    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            if whole:
                opened.load()
            return opened.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
