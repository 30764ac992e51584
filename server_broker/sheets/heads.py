"""Find the columns of a sheet by the titles that people wrote, and read its rows column by column."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from server_broker.sheets.cells import BadCell
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell

HEAD_ROWS = 5
"""The column titles are looked for in so many rows, because people put a title or a note above them."""
EMPTY = Cell(None)

type RawRow = tuple[int, dict[int, Cell]]
"""The number of a row in the file, and its cells by column from 0."""


class Row:
    """One row, read column by column. A bad cell becomes an error and reading goes on, so all errors are listed."""

    def __init__(self, sheet: str, number: int, by_column: Mapping[str, Cell], errors: list[RowError]) -> None:
        self.sheet = sheet
        self.number = number
        self._by_column = by_column
        self._errors = errors

    def has(self, column: str) -> bool:
        """Tell whether the sheet has a column. An empty cell says something; a column that is not there does not."""
        return column in self._by_column

    def is_empty(self, column: str) -> bool:
        """Tell whether nothing stands in a column."""
        value = self._by_column.get(column, EMPTY).value
        return value is None or (isinstance(value, str) and not value.strip())

    def read[T](self, column: str, reader: Callable[[Cell], T]) -> T | None:
        """Return the column's value. If it is bad, add an error and return None."""
        try:
            return reader(self._by_column.get(column, EMPTY))
        except BadCell as problem:
            self._errors.append(RowError(self.sheet, self.number, f"“{column}”{problem}"))
            return None


@dataclass(frozen=True, slots=True)
class Head:
    """The titles of a sheet: one row, or a row of groups with a row of titles below it."""

    first: int
    last: int
    titles: dict[int, str]
    """By column; plain (`plain_title`)."""
    written: dict[int, str]
    """As people wrote them, for messages."""

    def found(self, columns: tuple[str, ...]) -> int:
        """Return how many of ``columns`` this head has."""
        return len({*columns} & {*self.titles.values()})


def plain_title(written: object) -> str:
    """Return a title without what people add to it: blanks, full-width letters, and a star for a required column."""
    return "".join(unicodedata.normalize("NFKC", str(written or "")).split()).strip("*")


def head_of(rows: list[RawRow], known: tuple[str, ...]) -> Head:
    """Return the head of a sheet that has at least one row: the one with the most titles of ``known``.

    A heading above it may be one of these words too, so the first row that has any is not enough. Of two equal ones
    the upper one counts, and a head of one row before a head of two, so that no row of data is taken for titles.
    """
    return max(_heads(rows, known), key=lambda head: head.found(known))


def _heads(rows: list[RawRow], known: tuple[str, ...]) -> Iterator[Head]:
    for number, cells in rows[:HEAD_ROWS]:
        written = {place: str(cell.value) for place, cell in cells.items()}
        yield Head(number, number, {place: plain_title(title) for place, title in written.items()}, written)
    for upper, lower in pairwise(rows[:HEAD_ROWS]):
        if upper[0] + 1 == lower[0] and (head := _of_two_rows(upper, lower, known)) is not None:
            yield head


def _of_two_rows(upper: RawRow, lower: RawRow, known: tuple[str, ...]) -> Head | None:
    """Return the head that two rows make together; None if the lower one may hold data.

    Merged cells keep their text in the first one. So a title over several columns stands over the empty cells at its
    right, and a column whose title goes through both rows has nothing in the lower one.
    """
    titles: dict[int, str] = {}
    written: dict[int, str] = {}
    group = ""
    for place in range(max((*upper[1], *lower[1])) + 1):
        own, below = (str(row[1].get(place, EMPTY).value or "") for row in (upper, lower))
        group = plain_title(own) or group
        if not below:
            titles[place], written[place] = plain_title(own), own
            continue
        # Under a title that stands for its own column there is nothing to name, so this is a row of data.
        if plain_title(own) in known:
            return None
        both = group + plain_title(below)
        titles[place], written[place] = (both, f"{group}/{below}") if both in known else (plain_title(below), below)
    kept = {place: title for place, title in titles.items() if title}
    return Head(upper[0], lower[0], kept, {place: written[place] for place in kept})


def places_of(
    sheet: str, head: Head, columns: tuple[str, ...], optional: tuple[str, ...], errors: list[RowError]
) -> dict[str, int] | None:
    """Return the place of each column that the sheet has, or None and errors if one is missing or there twice."""
    found = list(head.titles.values())
    missing = [column for column in columns if column not in found]
    doubled = [column for column in (*columns, *optional) if found.count(column) > 1]
    # No title at all: one error says more than one for each column.
    if len(missing) == len(columns):
        said = "、".join(written[:12] for written in list(head.written.values())[:4])
        words = f"前 {HEAD_ROWS} 行里没有表头（这一行写的是 {said}）；要有列：{'、'.join(columns)}"
        errors.append(RowError(sheet, head.first, words))
        return None
    errors.extend(RowError(sheet, head.last, f"缺少列“{column}”") for column in missing)
    errors.extend(RowError(sheet, head.last, f"列“{column}”出现了两次") for column in doubled)
    if missing or doubled:
        return None
    return {title: place for place, title in head.titles.items() if title in {*columns, *optional}}
