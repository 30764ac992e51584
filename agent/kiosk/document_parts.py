"""Cut a document into parts of which each fits a line of the kiosk socket. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from protocol.documents import Block, Cell, Column, Document, Heading, Paragraph, Picture, Row, Table, wrong_places
from protocol.kiosk_documents import MAX_PART_BYTES
from protocol.plain_text import lines, one_line


class Part(NamedTuple):
    """Some blocks of a document, in their order."""

    blocks: list[Block]
    continues: bool
    """The first block is a table that goes on with that of the part before."""
    wrong: list[list[int]]
    """For each block, the columns whose published sum its rows do not make up."""


class _Piece(NamedTuple):
    """A block, or some rows of a table."""

    block: Block
    wrong: list[int]
    size: int
    goes_on: bool


def parts_of(document: Document) -> list[Part]:
    """Return the whole document in parts, at least one. A table is cut between rows, and keeps its sums in its first
    part."""
    parts: list[Part] = []
    size = 0
    for block in document.blocks:
        left = MAX_PART_BYTES - size
        # In a small rest a long table would have a few rows, and a part of its own for the others all the same.
        for piece in _pieces(block, room=left if left >= MAX_PART_BYTES // 2 else MAX_PART_BYTES):
            if not parts or size + piece.size > MAX_PART_BYTES:
                parts.append(Part([], piece.goes_on, []))
                size = 0
            parts[-1].blocks.append(piece.block)
            parts[-1].wrong.append(piece.wrong)
            size += piece.size
    return parts


def cleaned(block: Block) -> Block:
    """Return a block without signs that nobody sees or that turn text round. What is nothing else becomes a blank."""
    match block:
        case Heading():
            return Heading(text=one_line(block.text) or " ")
        case Paragraph():
            return Paragraph(text=lines(block.text) or " ")
        case Picture():
            return Picture(item=block.item, words=one_line(block.words) or " ")
        case Table():
            columns = [Column(title=one_line(one.title) or " ", kind=one.kind) for one in block.columns]
            rows = [Row(cells=[_cell(cell) for cell in row.cells], opens=row.opens) for row in block.rows]
            return Table(columns=columns, rows=rows, sums=block.sums)


def _cell(cell: Cell) -> Cell:
    return one_line(cell) if isinstance(cell, str) else cell


def _pieces(block: Block, *, room: int) -> Iterator[_Piece]:
    if not isinstance(block, Table):
        yield _Piece(block, [], _size(block), goes_on=False)
        return
    bare = Table(columns=block.columns)
    head, wrong = msgspec.structs.replace(bare, sums=block.sums), wrong_places(block)
    rows: list[Row] = []
    size, goes_on = _size(head), False
    for row in block.rows:
        row_size = _size(row) + 1
        if rows and size + row_size > room:
            yield _Piece(msgspec.structs.replace(head, rows=rows), wrong, size, goes_on)
            head, wrong, rows, goes_on = bare, [], [], True
            size, room = _size(bare), MAX_PART_BYTES
        rows.append(row)
        size += row_size
    yield _Piece(msgspec.structs.replace(head, rows=rows), wrong, size, goes_on)


def _size(value: msgspec.Struct) -> int:
    return len(msgspec.json.encode(value)) + 1
