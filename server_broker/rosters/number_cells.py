"""Read 身份证号 and 手机号 from cells. No error repeats what the cell holds."""

from collections.abc import Callable

from server_broker.people.number_forms import LONGEST, SPOILT, BadNumber, NumberKind, read_number
from server_broker.sheets import cells
from server_broker.sheets.cells import BadCell
from server_broker.sheets.spreadsheetml import Cell


def reader_of(kind: NumberKind) -> Callable[[Cell], str]:
    """Return a reader of such a number; an empty cell is an empty text."""

    def read(cell: Cell) -> str:
        # Excel keeps 15 digits of a number. The other three are zeros then, whatever the program shows.
        if kind == "identity" and isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
            raise BadCell(SPOILT)
        written = cells.optional_text(cell, longest=LONGEST)
        try:
            return read_number(kind, written) if written else ""
        except BadNumber as problem:
            raise BadCell(str(problem)) from problem

    return read
