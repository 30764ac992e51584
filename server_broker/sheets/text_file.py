"""Read a CSV file as one sheet of text cells, whatever program wrote it: Excel, WPS, a database or a person.

A CSV file says neither its encoding nor its separator (RFC 4180). Both are told by what the file holds, never guessed
by likelihood: a file that is no UTF-8 is read as GB18030, of which GBK and GB2312 are parts, or refused.
"""

import codecs
import csv
import io

from server_broker.sheets.spreadsheetml import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Cell, TooMuch
from server_broker.sheets.workbook import BadWorkbook, Sheet

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEPARATORS = (",", "\t", ";", "，", "|")
_SAMPLE_LINES = 20
_SAVE_AGAIN = "请用 Excel 打开，核对后另存为 .xlsx 再上传。"


def read_text_file(data: bytes) -> Sheet:
    """Return the file's only sheet, which has no name. Rows are numbered as Excel numbers them.

    Raises:
        BadWorkbook: The file is no text in an encoding that is known, its quotes don't close, or it is too large.
    """
    text = _decoded(data)
    # A null never stands in a list; a binary file has many.
    if "\x00" in text:
        raise BadWorkbook(f"这不是表格文件。{_SAVE_AGAIN}")
    csv.field_size_limit(MAX_TEXT)
    try:
        return Sheet("", _rows(text, _separator(text)), untitled=True)
    except csv.Error as error:
        raise BadWorkbook(f"这个 .csv 文件有的引号没有成对，或一格内容过长，分不清各列。{_SAVE_AGAIN}") from error
    except TooMuch as problem:
        raise BadWorkbook(str(problem)) from problem


def _decoded(data: bytes) -> str:
    mark, encoding = next((pair for pair in _MARKS if data.startswith(pair[0])), (b"", ""))
    # UTF-8 first: a text in GBK is almost never valid in it, while most UTF-8 could be read as GBK.
    encoding = encoding or ("utf-8" if _is_utf8(data) else "gb18030")
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise BadWorkbook(f"这个文件的文字编码认不出来（不是 UTF-8，也不是 GBK）。{_SAVE_AGAIN}") from error


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str) -> str:
    """Return the separator that stands most often outside quotes in the first lines; a comma if there is none."""
    lines = []
    for line in io.StringIO(text):
        lines.append("".join(line.split('"')[::2]))
        if len(lines) == _SAMPLE_LINES:
            break
    sample = "\n".join(lines)
    return max(_SEPARATORS, key=sample.count)


def _rows(text: str, separator: str) -> list[tuple[int, dict[int, Cell]]]:
    found: list[tuple[int, dict[int, Cell]]] = []
    cells = 0
    for number, fields in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
        cells += len(fields)
        if cells > MAX_CELLS:
            raise TooMuch("文件里的格子过多，请把内容复制到空模板里，再上传。")
        row = {place: Cell(field) for place, field in enumerate(fields) if field.strip()}
        if row and max(row) >= MAX_COLUMNS:
            raise TooMuch(f"第 {number} 行在第 {MAX_COLUMNS} 列以后还有内容，只能读前 {MAX_COLUMNS} 列。")
        if row:
            if len(found) > MAX_ROWS:
                raise TooMuch(f"文件里有内容的行超过 {MAX_ROWS} 行（第 {number} 行还有），请分成几个文件上传。")
            found.append((number, row))
    return found
