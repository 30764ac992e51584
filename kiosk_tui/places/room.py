"""How large the screen is now. The app says it, and places that lay out their own pages read it."""

from typing import NamedTuple

from kiosk_tui.drawing.textsize import SMALLEST


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
    def body(self) -> Body:
        """What a document's page has between header and keys; `kiosk.tcss` draws them by the same steps."""
        columns, rows = self._size
        beside = 3 if columns >= 72 else 2 if columns >= 58 else 1
        return Body(max(columns - 2 * beside, 2), max(rows - (7 if rows >= 19 else 2), 2))
