"""What stands on a screen as an SVG picture (Scalable Vector Graphics 1.1), for a browser.

Each cell keeps its place, whatever font the browser has: a text is stretched to its cells. Rich's own export measures
Chinese by characters instead of cells, so that they overlap (Rich 14.2, ``Console.export_svg``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

CELL_WIDTH, CELL_HEIGHT = 9, 20
"""Units of the picture. A cell of a terminal is about twice as high as wide."""
_BASELINE = 15
_FONT_SIZE = 16
_HALF = CELL_HEIGHT // 2
_BLOCKS = {"▀": (0, _HALF), "▄": (_HALF, _HALF), "█": (0, CELL_HEIGHT)}
"""Signs that are drawn as areas: where they begin in their cell, and how high they are. Letters would leave gaps."""


_PARTS = re.compile(r"[^ ]+(?: [^ ]+)*")


def svg_of(strips: Sequence[Strip]) -> str:
    """Return the lines of a screen as an SVG document without scripts, links or fonts."""
    width = max((strip.cell_length for strip in strips), default=0) * CELL_WIDTH
    height = len(strips) * CELL_HEIGHT
    parts = [part for row, strip in enumerate(strips) for part in _line(strip, row * CELL_HEIGHT)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="monospace" font-size="{_FONT_SIZE}">{"".join(parts)}</svg>'
    )


def _line(segments: Iterable[Segment], top: int) -> Iterator[str]:
    left = 0
    for text, style, _ in segments:
        cells = cell_len(text)
        yield from _segment(text, style or Style.null(), left, top, cells)
        left += cells * CELL_WIDTH


def _segment(text: str, style: Style, left: int, top: int, cells: int) -> Iterator[str]:
    width, color = cells * CELL_WIDTH, _hex(style.color, "#000000")
    yield _area(left, top, width, CELL_HEIGHT, _hex(style.bgcolor, "#ffffff"))
    signs = set(text)
    if len(signs) == 1 and (block := _BLOCKS.get(text[0])) is not None:
        begin, high = block
        yield _area(left, top + begin, width, high, color)
        return
    bold = ' font-weight="bold"' if style.bold else ""
    # Browsers make one blank of several, so each part that has none is put into its own place.
    for part in _PARTS.finditer(text):
        begin = left + cell_len(text[: part.start()]) * CELL_WIDTH
        yield (
            f'<text x="{begin}" y="{top + _BASELINE}" fill="{color}"{bold} '
            f'textLength="{cell_len(part[0]) * CELL_WIDTH}" lengthAdjust="spacingAndGlyphs">{escape(part[0])}</text>'
        )


def _area(left: int, top: int, width: int, height: int, color: str) -> str:
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="{color}" shape-rendering="crispEdges"/>'


def _hex(color: Color | None, missing: str) -> str:
    return missing if color is None else color.get_truecolor().hex
