"""What is wrong with an import, and how much it comes to, as a person reads it."""

from dataclasses import dataclass

MOST_ERRORS = 2_000
"""Told one by one. Nobody works through more, and each is an object in memory."""


class BadWorkbook(Exception):
    """The file as a whole can't be read; the message is Chinese, for the person who sent it."""


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """What is wrong in one row. ``row`` is Excel's row number, 0 for the sheet as a whole; ``sheet`` may be empty."""

    sheet: str
    row: int
    message: str
    lacks_card_form: bool = False
    """Whoever imports can choose the form of the card numbers, and the row is then read."""

    def __str__(self) -> str:
        place = f"{self.sheet} " if self.sheet else ""
        return f"{place}第 {self.row} 行：{self.message}" if self.row else f"{place}{self.message}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a sheet were new, changed something, or said what the county has already."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def __str__(self) -> str:
        return f"新增 {self.added}，更新 {self.changed}，未变 {self.same}"
