"""Open an Excel file from anywhere without being hurt by it, and give its sheets as rows of cells.

The file is judged as a zip archive first. Each part is unpacked only as far as its bound, and its XML is read as a
stream (`rosters.spreadsheetml`). Nothing that a sheet holds is passed over: what is beyond a bound refuses the file.
"""

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from server_broker.rosters.spreadsheetml import (
    Cell,
    Damaged,
    Formats,
    Parts,
    TooMuch,
    read_formats,
    read_parts,
    read_relations,
    read_rows,
    read_strings,
)

MAX_MEMBERS = 2_000
MAX_SHEETS = 20
MAX_SHEET_BYTES = 24 * 2**20
MAX_SHEETS_BYTES = 48 * 2**20
MAX_STRINGS_BYTES = 16 * 2**20
MAX_STYLES_BYTES = 4 * 2**20
MAX_SMALL_PART_BYTES = 2**20
_SAVE_AGAIN = "请用 Excel 另存为 .xlsx 再上传。"
_DAMAGED = f"文件已损坏，读不出来。{_SAVE_AGAIN}"
_NO_EXCEL = f"这不是 Excel 文件（.xlsx）。{_SAVE_AGAIN}"
_OLD = "这是旧格式（.xls）或加了密码的文件，请用 Excel 另存为不带密码的 .xlsx 再上传。"
_TEXT = "这是文本或 .csv 文件，不是 Excel 文件。请用 Excel 打开，核对后另存为 .xlsx 再上传。"
_WEB_PAGE = "这是网页，只是叫作 .xls。请用 Excel 打开后另存为 .xlsx 再上传。"
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    ExpatError,
    Damaged,
    ValueError,
    KeyError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)
"""What zipfile, zlib and expat raise on hostile input; a member with a password is a RuntimeError."""


class BadWorkbook(Exception):
    """The whole file can't be read. The message is Chinese, for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows with their Excel row numbers, each as cells by column number from 0; empty ones are left out."""

    title: str
    rows: list[tuple[int, dict[int, Cell]]]
    hidden: bool = False


def read_workbook(data: bytes) -> list[Sheet]:
    """Read every sheet.

    Raises:
        BadWorkbook: Not an .xlsx file, too large in one of its parts, or broken inside.
    """
    try:
        with _opened(data) as archive:
            return _Book(archive).sheets()
    except TooMuch as problem:
        raise BadWorkbook(str(problem)) from problem
    except _UNREADABLE as error:
        raise BadWorkbook(_DAMAGED) from error


def _opened(data: bytes) -> zipfile.ZipFile:
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadWorkbook(_OLD)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise BadWorkbook(_of_no_archive(data)) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BadWorkbook(f"文件里的部件多于 {MAX_MEMBERS} 个，不予读取。请把名单复制到空模板里再上传。")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise BadWorkbook(_DAMAGED)
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise BadWorkbook(_DAMAGED)
    if "[Content_Types].xml" not in names:
        raise BadWorkbook(_NO_EXCEL)
    return archive


def _of_no_archive(data: bytes) -> str:
    start = data[:4096]
    if data[:2] == b"PK":
        return _NO_EXCEL
    if start.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        return _WEB_PAGE
    if start and b"\x00" not in start and any(mark in start for mark in (b",", b"\t", b";", b"\n")):
        return _TEXT
    return _NO_EXCEL


class _Book:
    """The parts of one opened archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sheet_bytes = 0

    def sheets(self) -> list[Sheet]:
        root = self._relations("")
        place = next((target for kind, target in root.values() if kind == "officeDocument"), "")
        if not place:
            raise Damaged
        if place.endswith(".bin"):
            raise BadWorkbook("这是二进制工作簿（.xlsb），请用 Excel 另存为 .xlsx 再上传。")
        book = read_parts(self._part(place, MAX_SMALL_PART_BYTES, "工作簿目录"))
        if not book.is_workbook:
            raise BadWorkbook(_NO_EXCEL)
        if len(book.sheets) > MAX_SHEETS:
            raise BadWorkbook(f"工作表多于 {MAX_SHEETS} 个，不予读取。")
        related = self._relations(place)
        strings = self._strings(related)
        formats = self._formats(related, book)
        return list(self._each(book, related, strings, formats))

    def _each(
        self, book: Parts, related: dict[str, tuple[str, str]], strings: list[str], formats: Formats
    ) -> list[Sheet]:
        found = []
        for entry in book.sheets:
            kind, place = related[entry.relation]
            if kind == "worksheet":
                rows = read_rows(self._sheet(place, entry.title), entry.title, strings, formats)
                found.append(Sheet(entry.title.strip(), rows, entry.hidden))
        return found

    def _sheet(self, place: str, title: str) -> bytes:
        content = self._part(place, MAX_SHEET_BYTES, f"工作表“{title[:31]}”")
        self._sheet_bytes += len(content)
        if self._sheet_bytes > MAX_SHEETS_BYTES:
            raise TooMuch("各工作表加起来过大，不予读取。请分成几个文件上传。")
        return content

    def _strings(self, related: dict[str, tuple[str, str]]) -> list[str]:
        place = next((target for kind, target in related.values() if kind == "sharedStrings"), None)
        return [] if place is None else read_strings(self._part(place, MAX_STRINGS_BYTES, "文字"))

    def _formats(self, related: dict[str, tuple[str, str]], book: Parts) -> Formats:
        place = next((target for kind, target in related.values() if kind == "styles"), None)
        content = None if place is None else self._part(place, MAX_STYLES_BYTES, "样式")
        return read_formats(content, from_1904=book.from_1904)

    def _relations(self, place: str) -> dict[str, tuple[str, str]]:
        """Return what a part refers to, by id: the last word of the kind, and where it lies in the archive."""
        folder, name = posixpath.split(place)
        content = self._part(posixpath.join(folder, "_rels", f"{name}.rels"), MAX_SMALL_PART_BYTES, "目录")
        return {
            identity: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
            for identity, (kind, target) in read_relations(content).items()
        }

    def _part(self, place: str, most: int, what: str) -> bytes:
        with self._archive.open(place) as part:
            content: Any = part.read(most + 1)
        if len(content) > most:
            raise TooMuch(f"{what}展开后超过 {most // 2**20} MB，不予读取。请把名单复制到空模板里，再上传。")
        return bytes(content)
