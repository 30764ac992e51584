"""Open an untrusted Excel file and return its sheets as rows of cells.

The file is checked as a zip archive first. Each part is unpacked only up to its limit, and its XML is read as a stream
(`sheets.spreadsheetml`). If anything is beyond a limit the whole file is refused, so that no row is dropped silently.
"""

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from xml.parsers.expat import ExpatError

from server_broker.sheets.spreadsheetml import (
    Cell,
    Damaged,
    TooMuch,
    read_formats,
    read_parts,
    read_relations,
    read_rows,
    read_strings,
)

MAX_MEMBERS = 2_000
"""An Excel file has a few parts a sheet."""
MAX_SHEETS = 20
MAX_SHEET_BYTES = 24 * 2**20
MAX_SHEETS_BYTES = 48 * 2**20
"""Of all sheets together, because the cells of all of them are in memory at the same time."""
MAX_STRINGS_BYTES = 16 * 2**20
MAX_STYLES_BYTES = 4 * 2**20
MAX_SMALL_PART_BYTES = 2**20
_SAVE_AGAIN = "请用 Excel 另存为 .xlsx 再上传。"
_DAMAGED = f"文件已损坏，读不出来。{_SAVE_AGAIN}"
_NO_EXCEL = f"这不是 Excel 文件（.xlsx），也不是 .csv 文件。{_SAVE_AGAIN}"
_OLD = "这是旧格式（.xls）或加了密码的文件，请用 Excel 另存为不带密码的 .xlsx 再上传。"
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
"""The errors that zipfile, zlib and expat raise on hostile input. zipfile raises RuntimeError for a password."""


class BadWorkbook(Exception):
    """The whole file can't be read. The message is Chinese, for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. ``rows`` are Excel's row number and the cells by column number from 0, without empty rows and cells."""

    title: str
    rows: list[tuple[int, dict[int, Cell]]]
    hidden: bool = False
    untitled: bool = False
    """The file is one sheet and can't name it (CSV)."""


def read_workbook(data: bytes) -> list[Sheet]:
    """Return every sheet.

    Raises:
        BadWorkbook: The file is not an .xlsx file, or damaged, or one of its parts is too large.
    """
    try:
        with _opened(data) as archive:
            return _sheets(archive)
    except TooMuch as problem:
        raise BadWorkbook(str(problem)) from problem
    except _UNREADABLE as error:
        raise BadWorkbook(_DAMAGED) from error


def _opened(data: bytes) -> zipfile.ZipFile:
    # A compound file: .xls, and .xlsx too if it has a password ([MS-CFB], [MS-OFFCRYPTO]).
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadWorkbook(_OLD)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise BadWorkbook(_of_no_archive(data)) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BadWorkbook(f"文件里的部件多于 {MAX_MEMBERS} 个，不予读取。请把内容复制到空模板里再上传。")
    # ECMA-376 part 2 allows only these two. zipfile also knows bzip2 and lzma, of which no limit here was measured.
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise BadWorkbook(_DAMAGED)
    # Of two members with one name, one reader takes the first and another the last.
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise BadWorkbook(_DAMAGED)
    if "[Content_Types].xml" not in names:
        raise BadWorkbook(_NO_EXCEL)
    return archive


def _of_no_archive(data: bytes) -> str:
    """Return the message for a file that is no zip archive. People often rename such files to .xlsx."""
    return _WEB_PAGE if _is_web_page(data[:4096]) else _NO_EXCEL


def _is_web_page(start: bytes) -> bool:
    return start.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta"))


def is_text(data: bytes) -> bool:
    """Return whether a file is text in rows or columns, by its first bytes and not by its name."""
    start = data[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, which Excel writes as "Unicode text"
        return True
    if start.startswith((b"PK", b"\xd0\xcf\x11\xe0")) or _is_web_page(start) or b"\x00" in start:
        return False
    return any(mark in start for mark in (b",", b"\t", b";", b"\n"))


def _sheets(archive: zipfile.ZipFile) -> list[Sheet]:
    book_place = next((target for kind, target in _relations(archive, "").values() if kind == "officeDocument"), "")
    if not book_place:
        raise Damaged
    if book_place.endswith(".bin"):
        raise BadWorkbook("这是二进制工作簿（.xlsb），请用 Excel 另存为 .xlsx 再上传。")
    book = read_parts(_part(archive, book_place, MAX_SMALL_PART_BYTES, "工作簿目录"))
    if not book.is_workbook:
        raise BadWorkbook(_NO_EXCEL)
    if len(book.sheets) > MAX_SHEETS:
        raise BadWorkbook(f"工作表多于 {MAX_SHEETS} 个，不予读取。")
    related = _relations(archive, book_place)
    by_kind: dict[str, str] = {}
    for kind, place in related.values():
        by_kind.setdefault(kind, place)
    strings, styles = [], None
    if "sharedStrings" in by_kind:
        strings = read_strings(_part(archive, by_kind["sharedStrings"], MAX_STRINGS_BYTES, "文字"))
    if "styles" in by_kind:
        styles = _part(archive, by_kind["styles"], MAX_STYLES_BYTES, "样式")
    formats = read_formats(styles, from_1904=book.from_1904)
    sheets = []
    total = 0
    for entry in book.sheets:
        kind, place = related[entry.relation]
        if kind != "worksheet":  # a chart or a macro sheet, which holds no rows
            continue
        content = _part(archive, place, MAX_SHEET_BYTES, f"工作表“{entry.title[:31]}”")
        total += len(content)
        if total > MAX_SHEETS_BYTES:
            raise TooMuch("各工作表加起来过大，不予读取。请分成几个文件上传。")
        sheets.append(Sheet(entry.title.strip(), read_rows(content, entry.title, strings, formats), entry.hidden))
    return sheets


def _relations(archive: zipfile.ZipFile, place: str) -> dict[str, tuple[str, str]]:
    """Return what a part refers to, by id: the last word of the kind, and its path in the archive."""
    folder, name = posixpath.split(place)
    content = _part(archive, posixpath.join(folder, "_rels", f"{name}.rels"), MAX_SMALL_PART_BYTES, "目录")
    # The paths are used only to find members of the archive, so one that climbs with ".." leads to no file on disk.
    return {
        identity: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
        for identity, (kind, target) in read_relations(content).items()
    }


def _part(archive: zipfile.ZipFile, place: str, most: int, what: str) -> bytes:
    with archive.open(place) as part:
        # The size in the archive's directory is not trusted: one byte more than the limit is unpacked, and counts.
        content = part.read(most + 1)
    if len(content) > most:
        raise TooMuch(f"{what}展开后超过 {most // 2**20} MB，不予读取。请把内容复制到空模板里，再上传。")
    return content
