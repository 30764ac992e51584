"""How large the screen is now. The app says it, and places that lay out their own pages read it."""

from typing import NamedTuple

from kiosk_tui.drawing.textsize import SMALLEST

_TALL = 19


class Body(NamedTuple):
    """The cells between the header and the keys."""

    width: int
    height: int


class Room:
    """The terminal's size in cells, as the app told it last."""

    def __init__(self) -> None:
        self._size = SMALLEST

    def resize(self, columns: int, rows: int) -> None:
        """Take the size of the terminal."""
        self._size = (columns, rows)

    @property
    def columns(self) -> int:
        """How many cells a line of the terminal has."""
        return self._size[0]

    @property
    def tall(self) -> bool:
        """Whether there is room for blank lines around the bars; `kiosk.tcss` has the same step."""
        return self._size[1] >= _TALL

    @property
    def body(self) -> Body:
        """What a document's page has between header and keys; `kiosk.tcss` draws them by the same steps."""
        columns, rows = self._size
        beside = 3 if columns >= 72 else 2 if columns >= 58 else 1
        return Body(max(columns - 2 * beside, 2), max(rows - (7 if self.tall else 2), 2))
