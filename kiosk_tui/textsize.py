"""Choose the size of a terminal's text so that one of the layouts that the kiosk is made for fits the screen."""

from dataclasses import dataclass

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


def fitting(width: int, height: int) -> TextSize:
    """Return the size for a screen of so many pixels: that of the best layout whose letters can be read."""
    sizes = [_filling(width // columns, height // rows) for columns, rows in LAYOUTS]
    return next((size for size in sizes if size.font_px >= READABLE_PX), sizes[-1])


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
