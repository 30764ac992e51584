"""What stood on a terminal, and when: the bytes that a program wrote, read as ECMA-48 says.

Only what a full-screen program needs is understood: where the cursor goes, what is erased, which characters take two
cells. Colours are ignored.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:?<>=]*)[ -/]*([@-~])"  # control sequences
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # strings: titles, queries
    r"|\x1b[ -/]*[0-Z\\^-~]",
    re.DOTALL,
)


class Glass:
    """A screen of this many cells."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._row = self._column = 0
        self._cells = [[" "] * columns for _ in range(rows)]
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> None:
        """Take the bytes that the program wrote. Half a sequence waits for its other half."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        place = 0
        while place < len(text):
            character = text[place]
            if character != "\x1b":
                self._put(character)
                place += 1
            elif found := _SEQUENCE.match(text, place):
                if found[2]:
                    self._control(found[1], found[2])
                place = found.end()
            else:
                self._rest = text[place:]
                return

    def text(self) -> str:
        """Return the text without blanks and line ends, so that a text broken over lines reads as one."""
        return "".join("".join(row) for row in self._cells).replace(" ", "")

    def last_line(self) -> str:
        """Return the lowest line on which something stands, without blanks."""
        lines = ("".join(row).replace(" ", "") for row in reversed(self._cells))
        return next((line for line in lines if line), "")

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row = min(self._row + 1, self._rows - 1)
        elif character == "\b":
            self._column = max(self._column - 1, 0)
        elif character >= " ":
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self._column + width <= self._columns:
                self._cells[self._row][self._column : self._column + width] = [character, *[""] * (width - 1)]
            self._column += width

    def _control(self, parameters: str, final: str) -> None:
        numbers = [int(number) if number.isdigit() else 0 for number in parameters.split(";")]
        first = numbers[0] or 1
        match final:
            case "H" | "f":
                self._go(first - 1, (numbers[1] or 1) - 1 if len(numbers) > 1 else 0)
            case "A" | "B":
                self._go(self._row + (first if final == "B" else -first), self._column)
            case "C" | "D":
                self._go(self._row, self._column + (first if final == "C" else -first))
            case "G":
                self._go(self._row, first - 1)
            case "J":
                self._erase_screen(numbers[0])
            case "K":
                self._erase_line(self._row, numbers[0])
            case "h" | "l" if parameters == "?1049":
                self._erase_screen(2)

    def _go(self, row: int, column: int) -> None:
        self._row = max(0, min(row, self._rows - 1))
        self._column = max(0, min(column, self._columns - 1))

    def _erase_screen(self, how: int) -> None:
        rows = {0: range(self._row + 1, self._rows), 1: range(self._row)}.get(how, range(self._rows))
        for row in rows:
            self._cells[row] = [" "] * self._columns
        if how in (0, 1):
            self._erase_line(self._row, how)

    def _erase_line(self, row: int, how: int) -> None:
        begin = self._column if how == 0 else 0
        end = self._column + 1 if how == 1 else self._columns
        self._cells[row][begin:end] = [" "] * (end - begin)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a screen showed from one moment to the next change, in milliseconds of CLOCK_BOOTTIME."""

    since: int
    until: int
    text: str


def sights(written: Iterable[tuple[int, bytes]], *, columns: int, rows: int, until: int) -> list[Sight]:
    """Return what stood on the screen, in order, from the pieces that were written and their moments."""
    glass = Glass(columns, rows)
    changes: list[tuple[int, str]] = []
    for at, data in written:
        glass.feed(data)
        text = glass.text()
        if not changes or text != changes[-1][1]:
            changes.append((at, text))
    ends = [at for at, _ in changes[1:]] + [until]
    return [Sight(at, end, text) for (at, text), end in zip(changes, ends, strict=True)]
