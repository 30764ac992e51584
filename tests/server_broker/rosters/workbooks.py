"""Workbooks for tests: made by openpyxl, or as Excel would never write them, and read again by their XML alone.

The reading here shares nothing with the product's: zipfile and ElementTree, a whole tree at a time. It counts what a
sheet holds, so that a test can say that every row of it came to something.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import openpyxl
from defusedxml import ElementTree

from server_broker.rosters.plan import Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets.declared import NOTES_SHEET

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
HEAD = f'<worksheet xmlns="{MAIN}"><sheetData>'
TAIL = "</sheetData></worksheet>"
VILLAGE = "990101001001"
REGIONS = [("990101000000", "示例县"), ("990101001000", "示例镇"), (VILLAGE, "示例村")]


def columns_of(title: str) -> tuple[str, ...]:
    """Return the columns that a sheet must have; none for a sheet that nobody knows."""
    kind = BOOK.titled(title)
    return kind.columns if kind else ()


def book(
    sheets: Mapping[str, Iterable[tuple[Any, ...]]], *, heads: Mapping[str, tuple[str, ...]] | None = None
) -> bytes:
    """Make a workbook with the usual heads, or with others."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        sheet.append((heads or {}).get(title) or columns_of(title))
        for row in rows:
            sheet.append(row)
    return saved(made)


def saved(made: openpyxl.Workbook) -> bytes:
    """Return a workbook's file."""
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def people(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """Make a workbook of people, in a county of one village."""
    return book({"区划": REGIONS, "人员": rows})


def repacked(data: bytes, parts: Mapping[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """Return the workbook with parts put in the place of others, or beside them."""
    members = members_of(data)
    for name, part in parts.items():
        members[name] = part if isinstance(part, bytes) else part(members[name])
    return packed(members)


def members_of(data: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return parts as an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def sheet_xml(*rows: str) -> bytes:
    """Return a sheet's part with rows as they are given."""
    return (HEAD + "".join(rows) + TAIL).encode()


def text_row(number: int, *texts: str) -> str:
    """Return a row of inline strings, cells in order from column A."""
    cells = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(texts)
        if text
    )
    return f'<row r="{number}">{cells}</row>'


def raw_rows(data: bytes) -> dict[str, dict[int, dict[str, str]]]:
    """Return what each sheet's XML holds: by title and row number, each column's text where there is any.

    Raises:
        Exception: The archive or its XML is broken, in whatever way.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book_place = _target(archive, "", "officeDocument")
        book_tree = ElementTree.fromstring(archive.read(book_place))
        folder = book_place.rpartition("/")[0]
        strings_place = _target(archive, book_place, "sharedStrings")
        strings = _strings(archive.read(strings_place)) if strings_place else []
        found = {}
        for entry in _all(book_tree, "sheet"):
            identity = next(value for key, value in entry.attrib.items() if key.endswith("}id"))
            kind, place = _relations(archive, book_place)[identity]
            if kind == "worksheet":
                place = place.lstrip("/") if place.startswith("/") else f"{folder}/{place}"
                found[entry.attrib["name"]] = _rows(ElementTree.fromstring(archive.read(place)), strings)
        return found


def _relations(archive: zipfile.ZipFile, place: str) -> dict[str, tuple[str, str]]:
    folder, _, name = place.rpartition("/")
    tree = ElementTree.fromstring(archive.read(f"{folder}/_rels/{name}.rels".lstrip("/")))
    return {one.attrib["Id"]: (one.attrib["Type"].rpartition("/")[2], one.attrib["Target"]) for one in tree}


def _target(archive: zipfile.ZipFile, place: str, kind: str) -> str:
    folder = place.rpartition("/")[0]
    for found, target in _relations(archive, place).values():
        if found == kind:
            return target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"
    return ""


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(tree: Element, name: str) -> list[Element]:
    return [element for element in tree.iter() if _local(element) == name]


def _said(element: Element) -> str:
    """The text of a string item, without how it is pronounced."""
    told = ""
    for child in element:
        if _local(child) == "t":
            told += child.text or ""
        elif _local(child) == "r":
            told += _said(child)
    return told


def _strings(content: bytes) -> list[str]:
    return [_said(item) for item in _all(ElementTree.fromstring(content), "si")]


def _rows(tree: Element, strings: list[str]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    number = 0
    for row in _all(tree, "row"):
        number = int(row.attrib.get("r", number + 1))
        cells = {}
        for place, cell in enumerate(_all(row, "c")):
            column = re.sub(r"[0-9]", "", cell.attrib.get("r", "")) or chr(65 + place)
            value = "".join(child.text or "" for child in cell if _local(child) == "v")
            if cell.attrib.get("t") == "s" and value:
                value = strings[int(value)]
            value += "".join(_said(child) for child in cell if _local(child) == "is")
            value += "".join("=" for child in cell if _local(child) == "f")
            if value:
                cells[column] = value
        if cells:
            found.setdefault(number, {}).update(cells)
    return found


def with_strings(data: bytes, *items: str) -> bytes:
    """Return the workbook with a part of shared strings, ``items`` as XML, which openpyxl writes none of."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Id="strings" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'.encode()
    return repacked(
        data,
        {
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(items)}</sst>'.encode(),
            "xl/_rels/workbook.xml.rels": lambda old: old.replace(b"</Relationships>", relation),
        },
    )


def unaccounted(data: bytes, plan: Plan) -> list[str]:
    """Return the rows of a file that was read without an error which are neither in the plan nor told of in its notes.

    The name of each person, region and station is compared too.
    """
    told = {
        (found["sheet"], int(row))
        for note in plan.notes
        if (found := re.match(r"(?P<sheet>\S+) 第 (?P<rows>[0-9、]+) 行", note))
        for row in found["rows"].split("、")
    }
    read = {("区划", row.row): row.name for row in plan.regions}
    read |= {("站点", row.row): row.name for row in plan.stations}
    read |= {("人员", row.row): row.name for row in plan.people}
    read |= {("卡", row.row): "" for row in plan.uids} | {("值班", row.row): "" for row in plan.windows}
    missing = []
    for title, rows in raw_rows(data).items():
        sheet = "".join(title.split())
        heads = [row for row, cells in rows.items() if _is_head(sheet, cells)]
        for row, cells in rows.items():
            place = (sheet, row)
            if sheet == NOTES_SHEET or row in heads[:1] or place in told:
                continue
            if place not in read or not _holds(cells, read[place]):
                missing.append(f"{title} {row}: {cells}")
    return missing


def _is_head(sheet: str, cells: Mapping[str, str]) -> bool:
    titles = {_plain(text).strip("*") for text in cells.values()}
    return titles >= set(columns_of(sheet) or ("-",))


def _holds(cells: Mapping[str, str], name: str) -> bool:
    return not name or _plain(name) in {_plain(text) for text in cells.values()}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
