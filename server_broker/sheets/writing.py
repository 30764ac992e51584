"""Write rows of text as an Excel file that people can fill in and import again."""

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from protocol.plain_text import lines
from server_broker.sheets.declared import NOTES_SHEET, Book

_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""ECMA-376 part 1, 22.9.2.19: readers take what follows for one character, and openpyxl does not escape it."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With the full-width signs, which a program that is set to Chinese or Japanese reads as the plain ones."""


def escaped(text: str) -> str:
    """Return ``text`` so that no spreadsheet program reads it as a formula (OWASP, CSV injection).

    The cells are of the type text already. But the file may be saved as CSV, which has no types, and opened again.
    """
    # A sign that nobody sees may stand before the sign that makes a formula, and be lost on the way (`cell_text`).
    begins = text.startswith(_FORMULA_STARTS) or lines(text).startswith(_FORMULA_STARTS)
    return f"'{text}" if begins else text


def cell_text(text: str) -> str:
    """Return what a cell holds for ``text``: clean (`protocol.plain_text`), because XML has no control characters, and
    so that every program shows it as it is."""
    return _LIKE_AN_ESCAPE.sub("_x005F_", lines(text))


def workbook_of(book: Book[Any], rows_of: Mapping[str, Iterable[tuple[str, ...]]], notes: Iterable[str]) -> bytes:
    """Return a file with every sheet of the book, its rows by title, and a sheet of notes.

    All columns are set to text, so that Excel keeps the zeros before what people type.
    """
    workbook = Workbook(write_only=True)
    for kind in book.sheets:
        worksheet = workbook.create_sheet(kind.title)
        titles = kind.written or kind.known
        # A workbook that is written row by row must have its layout before its first row.
        head = _head(titles, kind.group, worksheet)
        worksheet.freeze_panes = f"A{len(head) + 1}"
        for number in range(1, len(titles) + 1):
            column = worksheet.column_dimensions[get_column_letter(number)]
            column.width = 22
            column.number_format = "@"
        for head_row in head:
            worksheet.append([_cell(worksheet, title, head=True) for title in head_row])
        for row in rows_of.get(kind.title, ()):
            worksheet.append([_cell(worksheet, escaped(text)) for text in row])
    return _saved(workbook, notes)


def _head(titles: tuple[str, ...], group: str, worksheet: Any) -> list[list[str]]:
    """Return the rows of a head, and merge the cells of a head of two."""
    if not group:
        return [list(titles)]
    grouped = [number for number, title in enumerate(titles) if title.startswith(group)]
    first, last = grouped[0], grouped[-1]
    worksheet.merged_cells.add(f"{get_column_letter(first + 1)}1:{get_column_letter(last + 1)}1")
    for number, _ in enumerate(titles):
        if number not in grouped:
            letter = get_column_letter(number + 1)
            worksheet.merged_cells.add(f"{letter}1:{letter}2")
    upper = ["" if number in grouped[1:] else title for number, title in enumerate(titles)]
    upper[first] = group
    lower = [title.removeprefix(group) if number in grouped else "" for number, title in enumerate(titles)]
    return [upper, lower]


def free_workbook(sheets: Mapping[str, Iterable[tuple[str, ...]]], notes: Iterable[str]) -> bytes:
    """Return a file of sheets without declared columns, whose first column says what a row is, and a sheet of notes."""
    workbook = Workbook(write_only=True)
    for title, rows in sheets.items():
        worksheet = workbook.create_sheet(title)
        for number in range(1, 11):
            worksheet.column_dimensions[get_column_letter(number)].width = 12 if number == 1 else 22
        for first, *rest in rows:
            worksheet.append([_cell(worksheet, first, head=True), *(_cell(worksheet, escaped(text)) for text in rest)])
    return _saved(workbook, notes)


def _saved(workbook: Workbook, notes: Iterable[str]) -> bytes:
    told = workbook.create_sheet(NOTES_SHEET)
    told.column_dimensions["A"].width = 90
    for line in notes:
        told.append([_cell(told, line)])
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _cell(worksheet: Any, text: str, *, head: bool = False) -> Any:
    cell = WriteOnlyCell(worksheet, value=cell_text(text))
    cell.data_type = "s"  # openpyxl would make a formula of a text that begins with "="
    cell.number_format = "@"
    if head:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F5E46")
        cell.alignment = Alignment(vertical="center")
    return cell
