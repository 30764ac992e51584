"""What is wrong with a row of a file, in Chinese."""

from dataclasses import dataclass

MOST_ERRORS = 2_000
"""Most errors that are listed one by one. Nobody works through more, and each takes memory."""


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """What is wrong in one row.

    ``row`` is Excel's row number, or 0 for the whole sheet. ``sheet`` is empty for the whole file.
    """

    sheet: str
    row: int
    message: str
    lacks_choice: bool = False
    """The row can be read if the person who imports makes a choice for the whole file."""

    def __str__(self) -> str:
        place = f"{self.sheet} " if self.sheet else ""
        return f"{place}第 {self.row} 行：{self.message}" if self.row else f"{place}{self.message}"
