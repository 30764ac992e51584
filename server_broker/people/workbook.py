"""Open an Excel file from anywhere without being hurt by it, and give its sheets as rows of cells.

The file is judged as a zip archive before any XML is read; the XML is read by defusedxml (openpyxl uses it
where it is installed), as a stream, and within bounds on rows and columns.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

MAX_FILE_BYTES = 8 * 2**20
MAX_UNPACKED_BYTES = 64 * 2**20
MAX_MEMBERS = 200
MAX_ROWS = 20_000
MAX_COLUMNS = 30
MAX_SHEETS = 20


class BadWorkbook(Exception):
    """The file as a whole can't be read; the message is Chinese, for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's value as openpyxl reads it, and whether it is a formula."""

    value: Any
    is_formula: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows with their Excel row numbers; rows without any value are left out."""

    title: str
    rows: list[tuple[int, list[Cell]]]


def read_workbook(source: Path | bytes) -> list[Sheet]:
    """Read every sheet.

    Raises:
        BadWorkbook: Not an .xlsx file, too large packed or unpacked, too many rows, or broken inside.
    """
    data = _bytes_of(source)
    _judge_archive(data)
    try:
        return list(_read(io.BytesIO(data)))
    except _UNREADABLE as error:
        raise BadWorkbook("文件已损坏，读不出来。请用 Excel 另存为 .xlsx 再上传。") from error


_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OverflowError,
    OSError,
    RuntimeError,
    NotImplementedError,
)
"""What zipfile, zlib and openpyxl raise on hostile input: openpyxl checks little and fails in many ways."""


def _bytes_of(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise BadWorkbook(f"打不开文件：{source.name}") from error
    if len(data) > MAX_FILE_BYTES:
        raise BadWorkbook(f"文件超过 {MAX_FILE_BYTES // 2**20} MB，请分成几个文件上传。")
    return data


def _judge_archive(data: bytes) -> None:
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadWorkbook("这是旧格式（.xls）或加了密码的文件，请用 Excel 另存为不带密码的 .xlsx 再上传。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise BadWorkbook("这不是 Excel 文件（.xlsx）。") from error
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise BadWorkbook("文件展开后过大，不予读取。")
    if "[Content_Types].xml" not in {member.filename for member in members}:
        raise BadWorkbook("这不是 Excel 文件（.xlsx）。")


def _read(file: IO[bytes]) -> Iterator[Sheet]:
    workbook = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    try:
        if len(workbook.worksheets) > MAX_SHEETS:
            raise BadWorkbook(f"工作表多于 {MAX_SHEETS} 个，不予读取。")
        for worksheet in workbook.worksheets:
            yield Sheet(title=worksheet.title.strip(), rows=list(_rows(worksheet)))
    finally:
        workbook.close()


def _rows(worksheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    worksheet.reset_dimensions()  # what the file says of its own size is not to be believed
    for number, row in enumerate(worksheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS), start=1):
        cells = [Cell(cell.value, cell.data_type == "f") for cell in row]
        if all(cell.value in (None, "") for cell in cells):
            continue
        if number > MAX_ROWS:
            raise BadWorkbook(f"工作表“{worksheet.title}”超过 {MAX_ROWS} 行，请分成几个文件上传。")
        yield number, cells
