"""Draw a picture in cells: each has two pixels, one over the other, as the colours of a half block."""

import io
from collections.abc import Iterator
from functools import lru_cache

from textual.content import Content

from kiosk_tui.drawing.picture_shape import FORMATS, MAX_PIXELS


@lru_cache(maxsize=1)
def draw(picture: bytes, width: int, height: int) -> list[Content] | None:
    """Return a picture in at most ``height`` lines of ``width`` cells, or None if it can't be drawn."""
    # Here and not above: a kiosk whose county sends no pictures needs no memory for it.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 -- see above

    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
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
