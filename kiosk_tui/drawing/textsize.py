"""Choose the sizes of a terminal's text so that the layouts that the kiosk is made for fit the screen."""

from dataclasses import dataclass

from protocol.units import TextSizeName

SIZE_NAMES: tuple[TextSizeName, ...] = ("normal", "large", "largest")
LAYOUTS = ((80, 22), (60, 16), (53, 15))
"""Columns and rows, the best first. The screens are tested at each, and at nothing smaller than the last."""
SMALLEST = LAYOUTS[-1]
READABLE_PX = 24
"""If letters would be lower than this, a layout with fewer of them is chosen: older people read this, standing."""
_LEAST_PX = 8


@dataclass(frozen=True, slots=True)
class TextSize:
    """How foot sets text (foot.ini(5)), in pixels: the font's size, the space between letters, the height of a line."""

    font_px: int
    letter_px: int
    line_px: int

    def larger(self, by_px: int) -> "TextSize":
        """Return what foot makes of this when its text is set larger: the line grows with the font."""
        font_px = self.font_px + by_px
        return TextSize(font_px, self.letter_px, self.line_px * font_px // self.font_px)

    def cells(self, width: int, height: int) -> tuple[int, int]:
        """Return how many columns and rows a screen then has."""
        # foot rounds a cell's width and its line's height as it sees fit, so here they are never too small.
        cell, line = -(-self.font_px // 2) + self.letter_px, self.line_px + 1
        return width // cell, height // line


@dataclass(frozen=True, slots=True)
class TextSizes:
    """The size that is normal on a screen, and by how many pixels each larger one is larger; 0 if none would fit."""

    normal: TextSize
    step_px: int

    def named(self, name: TextSizeName) -> TextSize:
        """Return one of the sizes."""
        return self.normal.larger(SIZE_NAMES.index(name) * self.step_px)


def fitting(width: int, height: int) -> TextSizes:
    """Return the sizes for a screen of so many pixels.

    Normal is that of the best layout whose letters can be read. The largest leaves just room for the smallest layout.
    """
    sizes = [_filling(width // columns, height // rows) for columns, rows in LAYOUTS]
    normal = next((size for size in sizes if size.font_px >= READABLE_PX), sizes[-1])
    step = 0
    while _has_room(normal.larger((len(SIZE_NAMES) - 1) * (step + 1)), width, height):
        step += 1
    return TextSizes(normal, step)


def _has_room(size: TextSize, width: int, height: int) -> bool:
    columns, rows = size.cells(width, height)
    return columns >= SMALLEST[0] and rows >= SMALLEST[1]


def _filling(cell_px: int, line_px: int) -> TextSize:
    """Fill a cell: the font is half as wide as high and wants an eighth more for its line.

    If the screen's shape leaves more room than that, a little of it goes between letters and lines. The rest makes room
    for more columns or rows, because text that is drawn far apart is hard to read.
    """
    font_px = max(min(2 * cell_px, line_px * 7 // 8) // 2 * 2, _LEAST_PX)
    return TextSize(
        font_px=font_px,
        letter_px=max(0, min(cell_px - font_px // 2, font_px // 8)),
        line_px=max(font_px, min(line_px, font_px * 5 // 4)),
    )
