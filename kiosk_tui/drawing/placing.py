"""Where a picture stands on a page of text: beside the text or above it, whichever leaves it more room."""

from functools import lru_cache

import msgspec
from textual.content import Content

from kiosk_tui.drawing.half_blocks import draw
from kiosk_tui.drawing.picture_shape import Shape, fitted
from kiosk_tui.drawing.typeset import Block, set_blocks

GAP = 2
"""Cells between a text and the picture beside it."""
_LEAST = Shape(16, 6)
"""In a smaller picture nothing can be made out."""
_LEAST_TEXT = 24
"""Cells of a line of text beside a picture: twelve characters."""


class Placed(msgspec.Struct, frozen=True):
    """A picture as lines of cells, beside a text or above it."""

    lines: tuple[Content, ...]
    width: int
    beside: bool


@lru_cache(maxsize=1)
def place(picture: bytes, blocks: tuple[Block, ...], room: Shape) -> Placed | None:
    """Return a picture as large as a room allows that a text stays on one page with; None if it would be too small, or
    can't be drawn. Without a text it takes all of the room."""
    found = []
    for beside in (True, False) if blocks else (False,):
        shape = _largest(picture, blocks, room, beside=beside)
        if shape is not None:
            found.append((shape.width * shape.height, beside, shape))
    if not found:
        return None
    _, beside, shape = max(found)
    lines = draw(picture, *shape)
    return None if lines is None else Placed(tuple(lines), shape.width, beside)


def _largest(picture: bytes, blocks: tuple[Block, ...], room: Shape, *, beside: bool) -> Shape | None:
    """Return the largest shape of a picture on one side. The larger it is, the less room the text has, so that it is
    found by halves."""
    least, most = (_LEAST.width, room.width - GAP - _LEAST_TEXT) if beside else (_LEAST.height, room.height)
    best: Shape | None = None
    while least <= most:
        tried = (least + most) // 2
        if _leaves_room(blocks, room, tried, beside=beside):
            best = fitted(picture, Shape(tried, room.height) if beside else Shape(room.width, tried))
            least = tried + 1
        else:
            most = tried - 1
    if best is None or not blocks or (best.width >= _LEAST.width and best.height >= _LEAST.height):
        return best
    return None


def _leaves_room(blocks: tuple[Block, ...], room: Shape, taken: int, *, beside: bool) -> bool:
    if not blocks:
        return True
    width, height = (room.width - GAP - taken, room.height) if beside else (room.width, room.height - taken)
    return height > 0 and len(set_blocks(blocks, width, height)) == 1
