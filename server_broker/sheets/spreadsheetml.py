"""Read the parts of a workbook that an import needs (SpreadsheetML, ECMA-376 part 1, section 18), each as a stream.

Transitional and strict namespaces are read. A part that contradicts itself is `Damaged`: rows or cells that come twice
or out of order, a cell that names another row than its own, a shared string that does not exist. Readers differ in what
they make of such a part, so the importer and we might see different rows. A document type declaration is refused
(ECMA-376 part 2, 8.1.4), so a part can't define entities.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel, from_ISO8601
from openpyxl.utils.escape import unescape

MAX_ROWS = 20_000
"""Rows that hold anything."""
MAX_COLUMNS = 100
MAX_CELLS = 1_500_000
"""Empty cells count too, because each takes time: a sheet may hold millions of them that only have a format."""
MAX_TEXT = 32_767
"""Excel's own limit of characters in a cell."""
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_RELATION = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_WHOLE = re.compile(r"[0-9]{1,10}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,32}")
_FLOAT = re.compile(r"[+-]?[0-9]{0,32}\.?[0-9]{0,32}([eE][+-]?[0-9]{1,3})?")

type Value = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


class Damaged(Exception):
    """A part is not as the standard has it, or contradicts itself."""


class TooMuch(Exception):
    """A part is beyond a limit. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's value, whether a formula gave it, and whether it is an error such as #N/A."""

    value: Value
    is_formula: bool = False
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A sheet as the workbook lists it."""

    title: str
    relation: str
    hidden: bool


@dataclass(slots=True)
class Parts:
    """The content of the workbook's main part."""

    is_workbook: bool = False
    from_1904: bool = False
    sheets: list[SheetEntry] = field(default_factory=list)


@dataclass(slots=True)
class Formats:
    """The cell styles that make a number a date (``dates``) or, of these, a length of time (``lengths``)."""

    from_1904: bool = False
    dates: set[int] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)

    def value(self, number: float, style: int) -> Cell:
        """Return a number cell as Excel shows it: a number, a date, a time or a length of time."""
        if style not in self.dates:
            return Cell(number)
        epoch = CALENDAR_MAC_1904 if self.from_1904 else CALENDAR_WINDOWS_1900
        try:
            found: Value = from_excel(number, epoch, timedelta=style in self.lengths)
        except (OverflowError, ValueError):
            # Excel shows ##### for a date before its epoch. The person must see the row, so the file is not refused.
            return Cell("#VALUE!", is_error=True)
        return Cell(found)


type Start = Callable[[str, dict[str, str]], None]
type End = Callable[[str], None]


def _walk(content: bytes, *, start: Start, end: End, text: Callable[[str], None]) -> None:
    """Read XML and call the handlers. They get the local names of elements in `_LOCAL`, and full names of others."""

    def begin(name: str, attributes: dict[str, str]) -> None:
        start(_SHORT.get(name, name), attributes)

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True  # otherwise a text comes in one call for each line or entity
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: end(_SHORT.get(name, name))
    parser.CharacterDataHandler = text
    parser.Parse(content, True)


_LOCAL = (
    *("workbook", "workbookPr", "sheets", "sheet", "sst", "si", "r", "rPh", "t", "styleSheet", "numFmt", "cellXfs"),
    *("xf", "worksheet", "sheetData", "row", "c", "f", "v", "is"),
)
_SHORT: dict[str, str] = {f"{namespace}}}{name}": name for namespace in _MAIN for name in _LOCAL}


def _refuse(*_: Any) -> None:
    raise Damaged


def _nothing(*_: Any) -> None:
    return None


def read_relations(content: bytes) -> dict[str, tuple[str, str]]:
    """Return by id the last word of the kind and the target (ECMA-376 part 2, section 9.3)."""
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        # The last word is the same in transitional and strict namespaces. A link to outside the file is never followed.
        if name.endswith("}Relationship") and attributes.get("TargetMode") != "External":
            kind = attributes["Type"].rpartition("/")[2]
            found[attributes["Id"]] = kind, attributes["Target"]

    _walk(content, start=start, end=_nothing, text=_nothing)
    return found


def read_parts(content: bytes) -> Parts:
    """Return the content of the main part."""
    parts = Parts()

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "workbook":
            parts.is_workbook = True
        elif name == "workbookPr":
            parts.from_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            relation = next((attributes[key] for key in _RELATION if key in attributes), "")
            hidden = attributes.get("state", "visible") != "visible"
            parts.sheets.append(SheetEntry(attributes["name"], relation, hidden))

    _walk(content, start=start, end=_nothing, text=_nothing)
    return parts


def read_formats(content: bytes | None, *, from_1904: bool) -> Formats:
    """Return the styles of the style part; no style is a date if the workbook has no such part."""
    formats = Formats(from_1904=from_1904)
    codes: dict[int, str] = dict(BUILTIN_FORMATS)
    numbers: list[int] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt" and "numFmtId" in attributes:
            codes[_whole(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        # A cell names its style by its place in cellXfs. Other lists (cellStyleXfs) hold elements of the same name.
        elif name == "xf" and inside:
            numbers.append(_whole(attributes.get("numFmtId", "0")))

    def end(name: str) -> None:
        nonlocal inside
        if name == "cellXfs":
            inside = False

    if content is not None:
        _walk(content, start=start, end=end, text=_nothing)
    dates = {number for number, code in codes.items() if is_date_format(code)}
    lengths = {number for number, code in codes.items() if is_timedelta_format(code)}
    formats.dates = {style for style, number in enumerate(numbers) if number in dates}
    formats.lengths = {style for style, number in enumerate(numbers) if number in lengths}
    return formats


def read_strings(content: bytes) -> list[str]:
    """Return the shared strings in order, because cells refer to them by number."""
    found: list[str] = []
    gathered = _Text()

    def start(name: str, attributes: dict[str, str]) -> None:
        gathered.start(name)

    def end(name: str) -> None:
        gathered.end(name)
        if name == "si":
            found.append(gathered.taken())

    _walk(content, start=start, end=end, text=gathered.text)
    return found


class _Text:
    """Gathers the text of a string item, plain or rich. Phonetic text (``rPh``) is left out: it is a reading aid."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._inside = False
        self._phonetic = False

    def start(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._inside = not self._phonetic

    def end(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = False
        elif name == "t":
            self._inside = False

    def text(self, piece: str) -> None:
        if self._inside:
            self._pieces.append(piece)

    def taken(self) -> str:
        """Return the text, cut off one character beyond `MAX_TEXT`, and begin a new one."""
        whole = "".join(self._pieces)[: MAX_TEXT + 1]
        self._pieces.clear()
        # Excel writes characters that XML can't hold as _xHHHH_ (ECMA-376 part 1, 22.9.2.19, ST_Xstring).
        return unescape(whole) if "_x" in whole else whole


def read_rows(content: bytes, title: str, strings: list[str], formats: Formats) -> list[tuple[int, dict[int, Cell]]]:
    """Return each row that holds anything, with its Excel row number and its cells by column number from 0."""
    reader = _SheetReader(title[:31], strings, formats)
    _walk(content, start=reader.start, end=reader.end, text=reader.text)
    if not reader.is_worksheet:
        raise Damaged
    return reader.rows


class _SheetReader:
    """Reads one sheet. It remembers the row and the cell in which the parser is."""

    def __init__(self, title: str, strings: list[str], formats: Formats) -> None:
        self.rows: list[tuple[int, dict[int, Cell]]] = []
        self.is_worksheet = False
        self._title = title
        self._strings = strings
        self._formats = formats
        self._cells = 0
        self._row = self._column = 0
        self._row_cells: dict[int, Cell] = {}
        self._attributes: dict[str, str] = {}
        self._in_data = self._in_row = self._in_cell = self._in_value = self._is_formula = False
        self._value: list[str] = []
        self._inline = _Text()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif self._in_cell:
            self._in_value = name == "v"
            self._is_formula |= name == "f"  # it stays set until the cell ends
            self._inline.start(name)
        elif name == "worksheet":
            self.is_worksheet = True
        elif name == "sheetData":
            self._in_data = True

    def text(self, piece: str) -> None:
        if self._in_value:
            self._value.append(piece)
        elif self._in_cell:
            self._inline.text(piece)

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name == "row":
            self._end_row()
        elif self._in_cell:
            self._in_value = False
            self._inline.end(name)
        elif name == "sheetData":
            self._in_data = False

    def _begin_row(self, attributes: dict[str, str]) -> None:
        # Rows and cells need not be numbered. Then each is the next one (ECMA-376 part 1, 18.3.1.73 and 18.3.1.4).
        number = _whole(attributes["r"]) if "r" in attributes else self._row + 1
        if not self._in_data or self._in_row or not self._row < number <= _LAST_ROW:
            raise Damaged
        self._in_row, self._row, self._column = True, number, 0

    def _end_row(self) -> None:
        self._in_row = False
        if self._row_cells:
            if len(self.rows) > MAX_ROWS:
                raise TooMuch(
                    f"工作表“{self._title}”里有内容的行超过 {MAX_ROWS} 行（第 {self._row} 行还有），"
                    "请分成几个文件上传。"
                )
            self.rows.append((self._row, self._row_cells))
            self._row_cells = {}

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._cells += 1
        if self._cells > MAX_CELLS:
            raise TooMuch(
                f"工作表“{self._title}”的单元格过多（空白的也算，多半是整列设了格式），请把内容复制到空模板里，再上传。"
            )
        column = self._column + 1
        if "r" in attributes:
            match = _PLACE.fullmatch(attributes["r"])
            if match is None or int(match[2]) != self._row:
                raise Damaged
            column = 0
            for letter in match[1]:  # A is 1, Z is 26, AA is 27
                column = column * 26 + ord(letter) - 64
        if not self._in_row or self._in_cell or not self._column < column <= _LAST_COLUMN:
            raise Damaged
        self._column = column
        self._attributes = attributes
        self._in_cell, self._is_formula = True, False

    def _end_cell(self) -> None:
        written = "".join(self._value)
        self._value.clear()
        inline = self._inline.taken()
        self._in_cell = False
        cell = self._cell(written, inline)
        if cell.value in (None, "") and not cell.is_formula:
            return
        # Empty cells beyond are harmless; programs write them where a format reaches to the last column.
        if self._column > MAX_COLUMNS:
            raise TooMuch(
                f"工作表“{self._title}”第 {self._row} 行在第 {MAX_COLUMNS} 列以后还有内容，只能读前 {MAX_COLUMNS} 列。"
                "请删去右边不用的列，再上传。"
            )
        self._row_cells[self._column - 1] = cell

    def _cell(self, written: str, inline: str) -> Cell:
        """Return the cell of the value (``v``) or of the inline string (``is``), by the cell's type (18.18.11)."""
        kind = self._attributes.get("t", "n")
        # The stored result of a formula may be stale or missing, so `sheets.cells` refuses a formula.
        if self._is_formula:
            return Cell(written or inline or None, is_formula=True)
        if kind == "inlineStr":
            return Cell(inline or None)
        if inline.strip():
            raise Damaged
        if not written:
            return Cell(None)
        match kind:
            case "n":
                return self._formats.value(_number(written), _whole(self._attributes.get("s", "0")))
            case "s":
                place = _whole(written)
                if place >= len(self._strings):
                    raise Damaged
                return Cell(self._strings[place] or None)
            case "str":
                return Cell(unescape(written) if "_x" in written else written)
            case "b" if written in ("0", "1"):
                return Cell(written == "1")
            case "e":
                return Cell(written, is_error=True)
            case "d":
                return Cell(from_ISO8601(written))  # type: ignore[no-untyped-call]
            case _:
                raise Damaged


def _whole(written: str) -> int:
    # int alone would take blanks, underscores, signs and digits of other scripts, and any length.
    if not _WHOLE.fullmatch(written):
        raise Damaged
    return int(written)


def _number(written: str) -> float:
    # As an int, so that a long id is not rounded to another one; `sheets.cells` sees that it is too long.
    if _INTEGER.fullmatch(written):
        return int(written)
    if written in ("", ".") or not _FLOAT.fullmatch(written):
        raise Damaged
    return float(written)
