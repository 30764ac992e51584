"""Lay out one page of a document: where it begins decides what is on it, so that a long document needs no layout of the
rest. Pure, and without a terminal.

A table whose columns fit side by side is aligned; one that does not becomes several lines for each row. No figure is
ever cut: a row whose figures do not fit their columns is written in lines too.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from kiosk_tui.drawing.typeset import cells, clean, fit, wrap
from kiosk_tui.words import documents as words
from protocol.documents import Block, Heading, Paragraph, Picture, Row, Table

OPENABLE = 5
"""Rows of a page that can be opened, by 1 to 5. Key 6 asks about the document."""
SAMPLED_ROWS = 200
"""By so many rows the widths of a table's columns are chosen."""
GAP = 2
CAP = 4
"""Cells for the key of a row that can be opened, and a space after it."""
_LEAST_TEXT = 8
_LEAST_PICTURE = 6

type Role = Literal["text", "title", "head", "sum", "wrong", "quiet", "row", "picture"]


class At(NamedTuple):
    """A place in a document: a line of a row of a block, each from 0. Row 0 of a table is its sums, and the others
    follow."""

    block: int = 0
    row: int = 0
    line: int = 0


class PageLine(NamedTuple):
    """One line. ``cap`` is the key that opens its row."""

    text: str
    role: Role = "text"
    cap: str = ""


class PicturePlace(NamedTuple):
    """Where a picture is drawn: over ``lines`` lines of the page, from the line ``first``."""

    item: str
    words: str
    first: int
    lines: int


class Page(NamedTuple):
    """A page of a document."""

    lines: tuple[PageLine, ...]
    opens: tuple[Row, ...]
    """The rows that 1, 2, 3, … open."""
    next: At | None
    """Where the next page begins, or None if nothing follows that is here."""
    picture: PicturePlace | None = None


class Widths(NamedTuple):
    """The columns of a table side by side."""

    cap: int
    columns: tuple[int, ...]


class _Piece(NamedTuple):
    """Lines that stay together, where they begin in the document, and the place after them."""

    lines: list[PageLine]
    start: At
    after: At
    opens: Row | None = None
    begins: bool = False
    """A block begins with it."""
    heads: bool = False
    """It heads what follows, and does not stand at the end of a page."""
    picture: Picture | None = None


class Layout:
    """Lays out pages of one document for one width. The columns of each table are chosen once."""

    def __init__(self, *, width: int, height: int, year: str) -> None:
        """
        Args:
            year: Dates of this year are written without it.
        """
        self._width = width
        self._height = height
        self._year = year
        self._widths: dict[int, Widths | None] = {}

    def page(self, blocks: Sequence[Block], wrong: Sequence[Sequence[int]], at: At) -> Page:
        """Return the page that begins at a place."""
        lines: list[PageLine] = []
        opens: list[Row] = []
        headed: tuple[int, At] | None = None
        """Where the headings right before the piece begin: the line, and the place in the document."""
        for piece in self._pieces(blocks, wrong, at):
            gap = 1 if lines and piece.begins and lines[-1].role != "title" else 0
            room = self._height - len(lines) - gap
            needed = len(piece.lines) + (2 if piece.heads else 0) + (_LEAST_PICTURE if piece.picture else 0)
            kept, next_at = headed if headed is not None and headed[0] else (len(lines), piece.start)
            full = needed > room or (piece.opens is not None and len(opens) == OPENABLE)
            # What is too long even for a page of its own begins here all the same, so that each page goes further.
            if lines and full and next_at > at:
                return Page(tuple(lines[:kept]), tuple(opens), next_at)
            headed = None if not piece.heads else headed or (len(lines), piece.start)
            lines += [PageLine("")] * gap
            if piece.picture is not None:
                return self._with_picture(lines, opens, piece, room, more=piece.after.block < len(blocks))
            if piece.opens is not None:
                opens.append(piece.opens)
                first, *more = piece.lines
                piece = piece._replace(lines=[first._replace(cap=f" {len(opens)} "), *more])
            lines += piece.lines[:room]
            if len(piece.lines) > room and not piece.heads:
                return Page(tuple(lines), tuple(opens), piece.start._replace(line=piece.start.line + room))
        return Page(tuple(lines), tuple(opens), None)

    def _with_picture(self, lines: list[PageLine], opens: list[Row], piece: _Piece, room: int, *, more: bool) -> Page:
        assert piece.picture is not None
        caption = [PageLine(line, "quiet") for line in wrap(piece.picture.words, self._width)][: room // 2]
        tall = room - len(caption)
        place = PicturePlace(piece.picture.item, piece.picture.words, len(lines), tall)
        lines += [PageLine("", "picture")] * tall + caption
        return Page(tuple(lines), tuple(opens), piece.after if more else None, place)

    def _pieces(self, blocks: Sequence[Block], wrong: Sequence[Sequence[int]], at: At) -> Iterator[_Piece]:
        for place in range(at.block, len(blocks)):
            begin = at if place == at.block else At(place)
            block = blocks[place]
            match block:
                case Heading():
                    text = [PageLine(line, "title") for line in wrap(block.text, self._width)]
                    yield _Piece(text, begin, At(place + 1), begins=True, heads=True)
                case Paragraph():
                    yield from self._paragraph(block, begin)
                case Picture():
                    yield _Piece([], begin, At(place + 1), begins=True, picture=block)
                case Table():
                    yield from self._table(block, wrong[place] if place < len(wrong) else (), begin)

    def _paragraph(self, block: Paragraph, at: At) -> Iterator[_Piece]:
        lines = [line for text in block.text.splitlines() for line in wrap(text, self._width)] or [""]
        for number in range(at.line, len(lines)):
            last = number + 1 == len(lines)
            after = At(at.block + 1) if last else At(at.block, 0, number + 1)
            yield _Piece([PageLine(lines[number])], At(at.block, 0, number), after, begins=number == 0)

    def _table(self, table: Table, wrong: Sequence[int], at: At) -> Iterator[_Piece]:
        widths = self._columns(table, at.block)
        begins = at.row == 0 and at.line == 0
        if at.row == 0:
            sums = list(self._sums(table, wrong))
            for number in range(at.line, len(sums)):
                after = At(at.block, 1) if number + 1 == len(sums) else At(at.block, 0, number + 1)
                yield _Piece([sums[number]], At(at.block, 0, number), after, begins=begins)
                begins = False
            at = At(at.block, 1)
        if widths is not None:
            yield _Piece(self._head(table, widths), at, at, begins=begins, heads=True)
            begins = False
        if not table.rows:
            yield _Piece([PageLine(words.NO_ROWS, "quiet")], at, At(at.block + 1), begins=begins)
        indent = CAP if any(row.opens for row in table.rows) else 0
        for number in range(at.row, len(table.rows) + 1):
            row = table.rows[number - 1]
            lines = [PageLine(" " * indent + text, "row") for text in self._row(table, row, widths, indent)]
            done = at.line if number == at.row else 0
            after = At(at.block + 1) if number == len(table.rows) else At(at.block, number + 1)
            start = At(at.block, number, done)
            opens = row if row.opens and not done else None
            yield _Piece(lines[done:] or [PageLine("")], start, after, opens, begins=begins)
            begins = False

    def _sums(self, table: Table, wrong: Sequence[int]) -> Iterator[PageLine]:
        for place, (column, total) in enumerate(zip(table.columns, table.sums, strict=False)):
            if total is None:
                continue
            said = words.total(column.title, words.cell(total, column.kind), column.kind)
            yield from (PageLine(line, "sum") for line in wrap(said, self._width))
            if place in wrong:
                yield PageLine(words.DOES_NOT_ADD_UP, "wrong")

    def _columns(self, table: Table, block: int) -> Widths | None:
        if block not in self._widths:
            widths = _columns(table, self._width, self._year)
            # Heads that take half of every page leave too little for the rows.
            tall = widths is not None and len(self._head(table, widths)) > self._height // 3
            self._widths[block] = None if tall else widths
        return self._widths[block]

    def _head(self, table: Table, widths: Widths) -> list[PageLine]:
        titles = [words.column(column.title, column.kind) for column in table.columns]
        return [PageLine(" " * widths.cap + text, "head") for text in _aligned(titles, table, widths)]

    def _row(self, table: Table, row: Row, widths: Widths | None, indent: int) -> list[str]:
        written = [
            clean(words.cell(cell, column.kind, this_year=self._year))
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        if widths is not None and _fits(written, table, widths):
            return _aligned(written, table, widths)
        return list(self._stacked(written, table, self._width - indent))

    def _stacked(self, written: list[str], table: Table, width: int) -> Iterator[str]:
        """Write a row in lines: what it is, and then each column's title with its value, as many as fit a line."""
        first, *others = zip(table.columns, written, strict=True)
        yield from wrap(first[1] or first[0].title, width)
        line = ""
        for column, text in others:
            if not text:
                continue
            unit = words.YUAN if column.kind == "yuan" else ""
            said = f"{column.title} {text}{unit}"
            if line and cells(line) + GAP + cells(said) <= width:
                line += " " * GAP + said
                continue
            yield from wrap(line, width) if line else ()
            line = said
        yield from wrap(line, width) if line else ()


def _columns(table: Table, width: int, year: str) -> Widths | None:
    """Choose the widths of a table's columns; None if they do not fit side by side."""
    cap = CAP if any(row.opens for row in table.rows) else 0
    room = width - cap - GAP * (len(table.columns) - 1)
    wanted = []
    for place, column in enumerate(table.columns):
        sampled = (row.cells[place] for row in table.rows[:SAMPLED_ROWS])
        texts = [words.cell(cell, column.kind, this_year=year) for cell in sampled]
        wanted.append(max(map(cells, [words.column(column.title, column.kind), *texts])))
    text = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    left = room - sum(want for place, want in enumerate(wanted) if place not in text)
    if left < sum(min(wanted[place], _LEAST_TEXT) for place in text):
        return None
    # The shorter ones get what they want, and the longer ones share what is left.
    for number, place in enumerate(sorted(text, key=lambda one: wanted[one])):
        wanted[place] = min(wanted[place], max(left // (len(text) - number), 2))
        left -= wanted[place]
    return Widths(cap, tuple(wanted))


def _fits(written: list[str], table: Table, widths: Widths) -> bool:
    return all(
        column.kind == "text" or cells(text) <= width
        for text, column, width in zip(written, table.columns, widths.columns, strict=True)
    )


def _aligned(texts: list[str], table: Table, widths: Widths) -> list[str]:
    """Set texts into columns, over as many lines as the longest text needs. Figures stand at the right."""
    broken = [wrap(text, width) for text, width in zip(texts, widths.columns, strict=True)]
    lines = []
    for number in range(max(map(len, broken))):
        parts = []
        for place, column in enumerate(table.columns):
            text = broken[place][number] if number < len(broken[place]) else ""
            text = fit(text, widths.columns[place]) if cells(text) > widths.columns[place] else text
            blank = " " * (widths.columns[place] - cells(text))
            parts.append(blank + text if column.kind in ("yuan", "number") else text + blank)
        lines.append((" " * GAP).join(parts).rstrip(" "))
    return lines
