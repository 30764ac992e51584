"""Documents to read at the kiosk: content of the bundles ``disclosure`` and ``library``.

A document is a list of blocks. Everything that is shown is in it, so that a station needs no other source; pictures are
items of the bundle. Sums of money are whole 分, so that no sum is rounded.
"""

import re
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from protocol import MAJOR
from protocol.codec import Message, VersionedMessage, decode
from protocol.refusal import Refused
from protocol.units import CodeWord, DayText, FileName

MAX_COLUMNS = 8
MAX_ROWS = 2_000
MAX_TEXT = 2_000
MAX_BLOCKS = 200
MAX_DOCUMENTS = 200
MAX_DEPTH = 3
"""A sum, its items, and what belongs to one item."""
_DOCUMENTS_BYTES = 2 * 2**20

type DocumentId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
"""Names a document within its bundle."""

type DocumentLink = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9._-]{0,63})?\Z")]
"""The same, or empty for none."""

type Amount = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
type Cell = Annotated[str, Meta(max_length=200)] | Amount
"""Text, or a whole number: 分 in a column of money. An empty text is an empty cell in every column."""

type ColumnKind = Literal["text", "yuan", "number", "date"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Heading(Message, frozen=True, kw_only=True, tag_field="block", tag="heading"):
    """A line above what belongs together."""

    text: Annotated[str, Meta(min_length=1, max_length=80)]


class Paragraph(Message, frozen=True, kw_only=True, tag_field="block", tag="paragraph"):
    """Text."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class Column(Message, frozen=True, kw_only=True, array_like=True):
    """``[title, kind]``: what stands in a column of a table."""

    title: Annotated[str, Meta(min_length=1, max_length=24)]
    kind: ColumnKind = "text"


class Row(Message, frozen=True, kw_only=True, array_like=True):
    """``[cells, opens]``: one line of a table. ``opens`` names the document that says what the row is made of, or is
    empty."""

    cells: Annotated[list[Cell], Meta(min_length=1, max_length=MAX_COLUMNS)]
    opens: DocumentLink = ""


class Table(Message, frozen=True, kw_only=True, omit_defaults=True, tag_field="block", tag="table"):
    """Rows under columns, with the sums as they are published."""

    columns: Annotated[list[Column], Meta(min_length=1, max_length=MAX_COLUMNS)]
    rows: Annotated[list[Row], Meta(max_length=MAX_ROWS)] = []
    sums: Annotated[list[Amount | None], Meta(max_length=MAX_COLUMNS)] = []
    """One for each column, nil where none is published; or empty. They are what the source says: `wrong_sums` tells
    which of them the rows do not make up."""

    def __post_init__(self) -> None:
        """Refuse a cell that is not of its column's kind, and a row or sums of another width."""
        for number, row in enumerate(self.rows, 1):
            if len(row.cells) != len(self.columns):
                raise ValueError(f"Expected {len(self.columns)} cells in row {number}")
            for column, cell in zip(self.columns, row.cells, strict=True):
                if not _fits(cell, column.kind):
                    raise ValueError(f"Expected {column.kind} in row {number}")
        if self.sums and len(self.sums) != len(self.columns):
            raise ValueError(f"Expected {len(self.columns)} sums")
        for column, total in zip(self.columns, self.sums, strict=False):
            if total is not None and column.kind not in ("yuan", "number"):
                raise ValueError(f"Expected no sum of {column.kind}")


def _fits(cell: str | int, kind: ColumnKind) -> bool:
    if cell == "":
        return True
    if kind in ("yuan", "number"):
        return isinstance(cell, int)
    return isinstance(cell, str) and (kind == "text" or _DAY.fullmatch(cell) is not None)


class Picture(Message, frozen=True, kw_only=True, tag_field="block", tag="picture"):
    """A picture of the bundle, and the words that stand for it where it can't be drawn."""

    item: FileName
    words: Annotated[str, Meta(min_length=1, max_length=200)]


type Block = Heading | Paragraph | Table | Picture


class Document(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Something to read, from end to end."""

    id: DocumentId
    title: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: CodeWord
    """``finance``, ``subsidy``, ``policy``, ``prices``, …: an open list."""
    period: Annotated[str, Meta(pattern=r"^([0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?)?\Z")] = ""
    """What time it is about: a year, a month (2026-11), a quarter (2026-Q4), or none."""
    published: DayText
    """The day on which its source published it."""
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    """Who says so. The kiosk always shows it."""
    sample: bool = False
    """It is plainly fictional, and the kiosk says 示例."""
    part_of: DocumentLink = ""
    """The document of this bundle that opens this one. Only documents that are part of none stand on the shelf."""
    blocks: Annotated[list[Block], Meta(min_length=1, max_length=MAX_BLOCKS)]


class Documents(VersionedMessage, frozen=True, kw_only=True, omit_defaults=True):
    """Content of ``disclosure`` and of ``library``."""

    documents: Annotated[list[Document], Meta(max_length=MAX_DOCUMENTS)] = []

    def __post_init__(self) -> None:
        """Refuse ids that lead nowhere, or in a circle."""
        parents = {one.id: one.part_of for one in self.documents}
        if len(parents) < len(self.documents):
            raise ValueError("Expected each document once")
        for one in self.documents:
            _check_place(one.id, parents)
            for row in rows_of(one):
                if row.opens and parents.get(row.opens) != one.id:
                    raise ValueError(f"Expected {row.opens} to be part of {one.id}")


def _check_place(document: str, parents: dict[str, str]) -> None:
    """Raise ValueError if a document is part of one that is not there, or of too many."""
    at = document
    for _ in range(MAX_DEPTH):
        at = parents[at]
        if not at:
            return
        if at not in parents:
            raise ValueError(f"Expected a document {at}")
    raise ValueError(f"Expected {document} to be at most {MAX_DEPTH} deep")


def rows_of(document: Document) -> list[Row]:
    """Return the rows of all tables of a document."""
    return [row for block in document.blocks if isinstance(block, Table) for row in block.rows]


def pictures_of(document: Document) -> set[str]:
    """Return the names of the items that a document shows."""
    return {block.item for block in document.blocks if isinstance(block, Picture)}


class WrongSum(NamedTuple):
    """A published sum that its rows do not make up."""

    document: str
    column: str
    """The column's title."""
    kind: ColumnKind
    published: int
    counted: int


def wrong_sums(documents: list[Document]) -> list[WrongSum]:
    """Return the published sums that do not add up: those of tables, and the row that opens a document whose own sum is
    another.

    A row and the document that it opens are compared by the first column of money that each has a figure in.
    """
    wrong = []
    totals = {one.id: total_of(one.blocks) for one in documents}
    for one in documents:
        for table in one.blocks:
            if not isinstance(table, Table):
                continue
            for place in wrong_places(table):
                published = table.sums[place]
                assert published is not None
                column = table.columns[place]
                wrong.append(WrongSum(one.id, column.title, column.kind, published, counted(table, place)))
            for row in table.rows:
                place, figure = figure_of(table, row)
                below = totals.get(row.opens)
                if figure is not None and below is not None and figure != below:
                    wrong.append(WrongSum(one.id, table.columns[place].title, "yuan", figure, below))
    return wrong


def wrong_places(table: Table) -> list[int]:
    """Return the places of the columns whose published sum is not that of the rows, from 0."""
    return [place for place, total in enumerate(table.sums) if total is not None and total != counted(table, place)]


def counted(table: Table, place: int) -> int:
    """Return the sum of a column's cells. An empty cell counts as nothing."""
    return sum(cell for row in table.rows if isinstance(cell := row.cells[place], int))


def total_of(blocks: list[Block]) -> int | None:
    """Return the first published sum of money of a document's blocks, in 分, or None."""
    for table in blocks:
        if isinstance(table, Table):
            for column, total in zip(table.columns, table.sums, strict=False):
                if column.kind == "yuan" and total is not None:
                    return total
    return None


def figure_of(table: Table, row: Row) -> tuple[int, int | None]:
    """Return the place of the first column of money in which a row has a figure, and that figure in 分; or None."""
    for place, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
        if column.kind == "yuan" and isinstance(cell, int):
            return place, cell
    return 0, None


class _Opened(Message, frozen=True, kw_only=True):
    """Documents that are not decoded yet."""

    v: int = MAJOR
    documents: Annotated[list[msgspec.Raw], Meta(max_length=MAX_DOCUMENTS)] = []


class _Named(Message, frozen=True, kw_only=True):
    """A document of which only the id is decoded."""

    id: DocumentId


def read_document(content: bytes, document: str) -> Document:
    """Decode one document of an encoded `Documents` that was checked whole before. The others stay bytes.

    Raises:
        Refused: As `protocol.codec.decode`.
        KeyError: There is no such document.
    """
    for raw in decode(content, _Opened, limit=_DOCUMENTS_BYTES).documents:
        if decode(bytes(raw), _Named, limit=_DOCUMENTS_BYTES).id == document:
            return decode(bytes(raw), Document, limit=_DOCUMENTS_BYTES)
    raise KeyError(document)


def check_pictures(documents: Documents, items: set[str]) -> None:
    """Check that each picture of the documents is an item of their bundle.

    Raises:
        Refused: ``malformed``.
    """
    for one in documents.documents:
        if missing := pictures_of(one) - items:
            raise Refused("malformed", f"document {one.id} shows {len(missing)} pictures that are not in the bundle")
