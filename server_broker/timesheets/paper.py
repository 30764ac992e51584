"""A worksheet that is laid out for A4, cell by cell, so that it prints as it looks."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from server_broker.sheets.writing import cell_text, escaped

_FONT = "宋体"
"""Every office program in China has it or puts a face of the same widths in its place."""
_LINE, _HAIR = Side(style="thin", color="000000"), Side(style="hair", color="000000")
_NUMBER = 'General;General;"·"'
"""A dot for zero: a sheet full of zeros hides what is not zero."""
_SHADE = PatternFill("solid", fgColor="E3E3E3")
_MM_AN_INCH = 25.4
POINTS_A_MM = 72 / _MM_AN_INCH
MARGIN_MM, FOOT_MM = 8.0, 12.0
A4_MM = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks: its size of text in points, and where the text stands."""

    size: float = 9
    bold: bool = False
    across: Literal["left", "center", "right"] = "center"
    boxed: bool = True
    shaded: bool = False
    red: bool = False
    fits: bool = False
    """Whether longer text is made smaller instead of standing in several rows."""
    joins_above: bool = False
    joins_below: bool = False
    """Whether it belongs together with the cell above, or below, so that the line between them is a fine one."""

    @property
    def name(self) -> str:
        """The name of its style in the file."""
        signs = (
            *((self.bold, "b"), (self.boxed, "x"), (self.shaded, "s"), (self.red, "r"), (self.fits, "f")),
            *((self.joins_above, "a"), (self.joins_below, "d")),
        )
        return f"cunhui {self.size:g} {self.across} {''.join(sign for has, sign in signs if has)}".strip()

    def style(self) -> NamedStyle:
        """Return it as openpyxl has it."""
        return NamedStyle(
            name=self.name,
            font=Font(name=_FONT, size=self.size, bold=self.bold, color="B00000" if self.red else "000000"),
            alignment=Alignment(
                horizontal=self.across, vertical="center", wrap_text=not self.fits, shrink_to_fit=self.fits
            ),
            border=self._border() if self.boxed else Border(),
            number_format=_NUMBER,
            fill=_SHADE if self.shaded else PatternFill(),
        )

    def _border(self) -> Border:
        above, below = _HAIR if self.joins_above else _LINE, _HAIR if self.joins_below else _LINE
        return Border(left=_LINE, right=_LINE, top=above, bottom=below)


class Book:
    """A workbook whose tabs are printed."""

    def __init__(self) -> None:
        self._book = Workbook()
        first = self._book.active
        if first is not None:
            self._book.remove(first)
        self._styles: dict[Look, str] = {}

    def page(self, title: str, widths_mm: Iterable[float], *, upright: bool = False) -> "Page":
        """Add a tab with columns of these widths, to be printed on A4 one page wide."""
        taken = {one.casefold() for one in self._book.sheetnames}
        return Page(self, self._book.create_sheet(_title(title, taken)), list(widths_mm), upright=upright)

    def style_of(self, look: Look) -> str:
        """Return the name of a look's style, which is then in the file."""
        if look not in self._styles:
            self._book.add_named_style(look.style())
            self._styles[look] = look.name
        return self._styles[look]

    def saved(self) -> bytes:
        """Return the file."""
        file = io.BytesIO()
        self._book.save(file)
        return file.getvalue()


class Page:
    """One tab. Rows and columns count from 1."""

    def __init__(self, book: Book, sheet: Worksheet, widths_mm: list[float], *, upright: bool) -> None:
        self._book, self._sheet = book, sheet
        self._widths_mm = widths_mm
        self._upright = upright
        for number, width in enumerate(widths_mm, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = _width(width)
        setup = sheet.page_setup
        setup.paperSize = sheet.PAPERSIZE_A4
        setup.orientation = "portrait" if upright else "landscape"
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        setup.fitToWidth, setup.fitToHeight = 1, 0
        margins = sheet.page_margins
        margins.left = margins.right = margins.top = MARGIN_MM / _MM_AN_INCH
        margins.bottom = FOOT_MM / _MM_AN_INCH
        margins.header = margins.footer = MARGIN_MM / 2 / _MM_AN_INCH
        sheet.print_options.horizontalCentered = True

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self._widths_mm)

    @property
    def height_pt(self) -> float:
        """How high the rows of one page are together, at the scale at which all columns fit."""
        across, down = A4_MM if self._upright else reversed(A4_MM)
        scale = min(1.0, (across - 2 * MARGIN_MM) / sum(self._widths_mm))
        return (down - MARGIN_MM - FOOT_MM) * POINTS_A_MM / scale

    def put(self, row: int, column: int, value: float | str, look: Look) -> None:
        """Put a number, or text that no program takes for a formula, into a cell."""
        if isinstance(value, str):
            self.put_escaped(row, column, escaped(value), look)
            return
        cell = self._sheet.cell(row, column)
        cell.style = self._book.style_of(look)
        cell.value = int(value) if value == int(value) else value

    def put_escaped(self, row: int, column: int, text: str, look: Look) -> None:
        """Put text into a cell that was escaped already."""
        cell = self._sheet.cell(row, column)
        cell.style = self._book.style_of(look)
        if text:
            cell.value = cell_text(text)
            cell.data_type = "s"  # openpyxl would make a formula of a text that begins with "="

    def put_over(self, rows: tuple[int, int], columns: tuple[int, int], value: float | str, look: Look) -> None:
        """Put something into cells that become one."""
        for row in range(rows[0], rows[1] + 1):
            for column in range(columns[0], columns[1] + 1):
                self._sheet.cell(row, column).style = self._book.style_of(look)
        self.put(rows[0], columns[0], value, look)
        if rows[0] < rows[1] or columns[0] < columns[1]:
            # Not by merge_cells, which looks at the borders of all cells again and takes most of a sheet's time.
            self._sheet.merged_cells.ranges.add(
                CellRange(min_col=columns[0], min_row=rows[0], max_col=columns[1], max_row=rows[1])
            )

    def high(self, row: int, points: float) -> None:
        """Set the height of a row."""
        self._sheet.row_dimensions[row].height = points

    def finish(self, *, head_rows: int, frozen_columns: int, last_row: int, foot: str, on_one_page: bool) -> None:
        """Say what is printed: the head's rows on each page, and a foot with the number of the page."""
        sheet = self._sheet
        sheet.freeze_panes = sheet.cell(head_rows + 1, frozen_columns + 1).coordinate
        sheet.print_title_rows = f"1:{head_rows}"
        sheet.print_area = f"A1:{get_column_letter(self.columns)}{last_row}"
        sheet.page_setup.fitToHeight = 1 if on_one_page else 0
        footer = sheet.oddFooter
        assert footer is not None  # each sheet has one
        footer.left.text, footer.right.text = foot.replace("&", "&&"), "第 &P 页"
        footer.left.size = footer.right.size = 8


def _width(mm: float) -> float:
    """Return a column's width in the digits of the file's normal font (ECMA-376 part 1, 18.3.1.13), Calibri 11."""
    pixels = mm / _MM_AN_INCH * 96
    return max((pixels - 5) / 7, 0.5)


def _title(written: str, taken: set[str]) -> str:
    """Return a title that a tab may have (31 characters, without some signs), unlike those that are there."""
    plain = re.sub(r"[\[\]:*?/\\']", "", written)[:31] or "表"
    title, number = plain, 2
    while title.casefold() in taken:
        title = f"{plain[:27]} {number}"
        number += 1
    return title
