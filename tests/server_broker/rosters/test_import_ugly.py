"""Workbooks as county offices have them: each is taken or refused with the right sentence, and no row goes unseen.

How many rows a file holds is counted from its XML alone (`workbooks.raw_rows`).
"""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import numbers
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from server_broker.rosters.plan import Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from server_broker.sheets.workbook import BadWorkbook
from tests.cast import TOWNSHIP
from tests.server_broker.rosters.workbooks import (
    MAIN,
    REGIONS,
    STRICT,
    VILLAGE,
    book,
    packed,
    people,
    raw_rows,
    repacked,
    saved,
    sheet_xml,
    text_row,
    unaccounted,
    with_strings,
)

HEAD = ("编号", "姓名", "村代码")
GOOD = ("1001", "张示例", VILLAGE)
FIRST = "xl/worksheets/sheet1.xml"


def of_people(*rows: tuple[Any, ...], title: str = "人员") -> openpyxl.Workbook:
    """A workbook with one sheet, its rows as they are given."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return made


def with_rows(*rows: tuple[Any, ...], title: str = "人员") -> bytes:
    return saved(of_people(*rows, title=title))


def only(*rows: str) -> bytes:
    """A sheet 人员 of which the XML is given, rows after the head."""
    return repacked(with_rows(HEAD), {FIRST: sheet_xml(text_row(1, *HEAD), *rows)})


def merged_title() -> bytes:
    made = of_people(("示例镇二〇二六年在岗人员名单", None, None), HEAD, GOOD)
    made.worksheets[0].merge_cells("A1:C1")
    return saved(made)


def merged_downwards() -> bytes:
    made = of_people(HEAD, GOOD, ("1002", "李示例", None), ("1003", "王示例", None))
    made.worksheets[0].merge_cells("C2:C4")
    return saved(made)


def hidden(title: str) -> bytes:
    made = openpyxl.load_workbook(io.BytesIO(book({"人员": [GOOD], "卡": [("04a1b2c3", "1001")]})))
    made["卡"].title = title
    made[title].sheet_state = "hidden"
    return saved(made)


def hidden_row() -> bytes:
    made = of_people(HEAD, GOOD, ("1002", "李示例", VILLAGE))
    made.worksheets[0].row_dimensions[3].hidden = True
    return saved(made)


def numbers_as(format_: str, value: float) -> bytes:
    made = of_people(HEAD, (value, "张示例", VILLAGE))
    made.worksheets[0]["A2"].number_format = format_
    return saved(made)


def empty_rows(count: int, *late: int) -> bytes:
    """So many formatted rows without anything in them, and people in some rows far below."""
    rows = [f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(2, count) if row not in late]
    placed = [(row, text_row(row, f"P{row}", "迟示例", VILLAGE)) for row in late]
    every = [(int(row.partition('r="')[2].partition('"')[0]), row) for row in rows] + placed
    return only(*(row for _, row in sorted(every)))


def strict() -> bytes:
    """As Excel's "Strict Open XML": the same parts under other namespaces."""
    old = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    new = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    data = with_rows(HEAD, GOOD)
    change: Callable[[bytes], bytes] = lambda part: part.replace(MAIN.encode(), STRICT.encode()).replace(  # noqa: E731
        old.encode(), new.encode()
    )
    parts = ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", FIRST, "xl/styles.xml"]
    return repacked(data, dict.fromkeys(parts, change))


def cards(*rows: tuple[Any, ...], heads: tuple[str, ...] = ("卡号", "人员编号")) -> bytes:
    return book({"人员": [GOOD], "卡": rows}, heads={"卡": heads})


def windows(*rows: tuple[Any, ...]) -> bytes:
    return book({"人员": [GOOD], "值班": rows})


def rich_text() -> bytes:
    spoken = '<rPh sb="0" eb="1"><t>zhang</t></rPh>'
    rich = f'<si><r><t xml:space="preserve">张</t></r><r><rPr><b/></rPr><t>示例</t></r>{spoken}</si>'
    cells = f'<c r="A2"><v>1001</v></c><c r="B2" t="s"><v>0</v></c><c r="C2"><v>{VILLAGE}</v></c>'
    return with_strings(only(f'<row r="2">{cells}</row>'), rich)


def without_places() -> bytes:
    """Rows and cells that don't say where they are, as some programs write them."""
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in GOOD)
    heads = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in HEAD)
    return repacked(with_rows(HEAD), {FIRST: sheet_xml(f"<row>{heads}</row>", f"<row>{cells}</row>")})


def macro() -> bytes:
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    macro_kind = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    types: Callable[[bytes], bytes] = lambda part: part.replace(kind, macro_kind)  # noqa: E731
    return repacked(with_rows(HEAD, GOOD), {"[Content_Types].xml": types, "xl/vbaProject.bin": b"\xd0\xcf" * 500})


def since_1904() -> bytes:
    made = openpyxl.load_workbook(io.BytesIO(windows((VILLAGE, "早班", "1-5", dt.time(8, 0), dt.time(12, 0), "1001"))))
    made.epoch = CALENDAR_MAC_1904
    return saved(made)


TAKEN: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "the county's own list": (lambda: people([GOOD]), 4, ""),
    "a title above the head": (merged_title, 1, "人员 第 1 行在表头上面，不导入"),
    "a title and a note above": (
        lambda: with_rows(("名单",), ("填表人：某某",), HEAD, GOOD),
        1,
        "第 1、2 行在表头上面",
    ),
    "full-width head, blanks inside": (lambda: with_rows(("编　号", "姓  名", " 村 代 码"), GOOD), 1, ""),
    "stars in the head": (lambda: with_rows(("编号*", "姓名 ＊", "村代码 *"), GOOD), 1, ""),
    "full-width digits": (lambda: with_rows(HEAD, ("１００１", "张示例", "９９０１０１００１００１")), 1, ""),
    "ids kept as numbers": (lambda: with_rows(HEAD, (1001.0, "张示例", 990101001001)), 1, ""),
    "trailing blanks of all kinds": (lambda: with_rows(HEAD, ("1001 ", "张示例　", f"\u00a0{VILLAGE}\t")), 1, ""),
    "the same name twice": (lambda: with_rows(HEAD, GOOD, ("1002", "张示例", VILLAGE)), 2, ""),
    "inner spaces": (lambda: with_rows(HEAD, ("1", "张 三", VILLAGE), ("2", "买买提·吐尔逊", VILLAGE)), 2, ""),
    "a hidden sheet": (lambda: hidden("卡"), 2, "工作表“卡”是隐藏的，也一并读取"),
    "a hidden row": (hidden_row, 2, ""),
    "columns that nobody needs": (
        lambda: with_rows(("序号", *HEAD, "备注"), (1, *GOOD, "退伍")),
        1,
        "人员 这些列不导入：序号、备注",
    ),
    "a total in a column that nobody needs": (
        lambda: with_rows((*HEAD, "备注"), (*GOOD, ""), (None, None, None, "合计 1 人")),
        1,
        "人员 第 3 行只在不导入的列里有内容，不导入",
    ),
    "a column of dates that nobody needs": (
        lambda: with_rows((*HEAD, "入职"), (*GOOD, dt.date(2020, 1, 2))),
        1,
        "这些列不导入：入职",
    ),
    "two hundred thousand empty rows": (lambda: empty_rows(200_000), 0, "文件里没有可以导入的内容"),
    "people far below": (lambda: empty_rows(150_001, 20_002, 150_000), 2, ""),
    "a person in the last row of all": (lambda: empty_rows(10, 1_048_576), 1, ""),
    "strict namespaces": (strict, 1, ""),
    "a macro file": (macro, 1, ""),
    "rich text with its pronunciation": (rich_text, 1, ""),
    "rows that don't say where they are": (without_places, 1, ""),
    "rare characters": (lambda: with_rows(HEAD, ("1001", "𬀩𠮷", VILLAGE)), 1, ""),
    "times of all kinds": (
        lambda: windows(
            (VILLAGE, "一", "1-5", dt.time(8, 0), dt.time(9, 0), "1001"),
            (VILLAGE, "二", "1-5", "9:00", "１０：００", "1001"),
            (VILLAGE, "三", "周六", 0.5, dt.timedelta(hours=13), "1001"),
        ),
        4,
        "",
    ),
    "dates since 1904": (since_1904, 2, ""),
    "card numbers in hex": (lambda: cards(("04A22B1C", "1001"), ("12 34 56 7A", "1001")), 3, ""),
    "hex numbers of digits alone, said to be hex": (
        lambda: cards(
            ("04A22B1C", "1001", ""),
            ("77736734", "1001", "十六进制"),
            ("12345678", "1001", "16进制"),
            heads=("卡号", "人员编号", "卡号格式"),
        ),
        4,
        "",
    ),
    "card numbers with their form": (
        lambda: cards(
            ("0077736732", "1001", "十进制10位"),
            ("1C2BA205", "1001", "十六进制反码"),
            ("472621570", "1001", " 10进制反码 "),
            ("77736736", "1001", "十进制"),
            heads=("卡号", "人员编号", "卡号格式"),
        ),
        5,
        "",
    ),
    "notes in a sheet of their own": (lambda: _with_notes("说明"), 1, ""),
    "an empty sheet beside": (lambda: _with_empty(), 1, ""),
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "an identity number as a number": (
        lambda: with_rows(HEAD, ("11010519491231002X", "张示例", VILLAGE)),
        "“编号”像是身份证号",
    ),
    "one with 15 digits": (lambda: with_rows(HEAD, ("130503670401001", "张示例", VILLAGE)), "“编号”像是身份证号"),
    "one in a name": (lambda: with_rows(HEAD, ("1", "张三11010519491231002X", VILLAGE)), "“姓名”像是身份证号"),
    "one in a roster": (
        lambda: windows((VILLAGE, "早", "1", "8:00", "9:00", "1001，11010519491231002X")),
        "“人员编号”像是身份证号",
    ),
    "one beside a card": (lambda: cards(("04a1b2c3", "11010519491231002X")), "“人员编号”像是身份证号"),
    "an identity number as a float": (lambda: with_rows(HEAD, (1.1010519491231e17, "张示例", VILLAGE)), "过大的数字"),
    "zero width characters": (lambda: with_rows(HEAD, ("10\u200b01", "张示例", VILLAGE)), "“编号”含有看不见的字符"),
    "a character of one's own": (lambda: with_rows(HEAD, ("1001", "张\ue123", VILLAGE)), "自造字"),
    "a name too long": (lambda: with_rows(HEAD, ("1001", "长" * 33, VILLAGE)), "太长，最多 32 个字"),
    "the same number twice": (lambda: only(text_row(2, *GOOD), text_row(2, *GOOD)), "已损坏"),
    "rows out of order": (lambda: only(text_row(3, *GOOD), text_row(2, *GOOD)), "已损坏"),
    "a cell in another row": (lambda: only(text_row(2, *GOOD).replace('r="A2"', 'r="A3"')), "已损坏"),
    "a cell twice": (lambda: only(text_row(2, *GOOD).replace('r="B2"', 'r="A2"')), "已损坏"),
    "a text that is not there": (lambda: only('<row r="2"><c r="A2" t="s"><v>7</v></c></row>'), "已损坏"),
    "an unknown sheet": (lambda: _with_notes("填表说明"), "填表说明 不认识这个工作表"),
    "the only sheet, of no kind": (
        lambda: saved(of_people(("甲", "乙"), ("1", "2"), title="Sheet1")),
        "Sheet1 看不出这个工作表是哪一种表",
    ),
    "an unknown hidden sheet": (lambda: hidden("旧名单"), "旧名单 （隐藏的工作表）不认识这个工作表"),
    "a formula": (lambda: with_rows(HEAD, ("=A1", "张示例", VILLAGE)), "“编号”是公式"),
    "an error value": (lambda: with_rows(HEAD, ("1001", "#N/A", VILLAGE)), "“姓名”是错误值（#N/A）"),
    "a number that became a date": (lambda: numbers_as(numbers.FORMAT_DATE_YYYYMMDD2, 45000), "变成了日期"),
    "a number that became a time": (lambda: numbers_as("[h]:mm", 0.5), "变成了日期"),
    "yes and no": (lambda: with_rows(HEAD, (True, "张示例", VILLAGE)), "不是“是/否”"),
    "merged downwards": (merged_downwards, "人员 第 3 行：“村代码”为空"),
    "a village by name": (lambda: with_rows(HEAD, ("1001", "张示例", "示例村")), "应为 12 位数字"),
    "a township for a village": (lambda: windows((TOWNSHIP, "早", "1", "08:00", "12:00", "1001")), "是县或镇的代码"),
    "a column missing": (lambda: with_rows(("编号", "姓名"), GOOD[:2]), "缺少列“村代码”"),
    "a column twice": (lambda: with_rows(("编号", "姓名", "村代码", "姓 名"), (*GOOD, "x")), "列“姓名”出现了两次"),
    "a head in the sixth row": (
        lambda: with_rows(*[(f"第{row}行",) for row in range(5)], HEAD, GOOD),
        "前 5 行里没有表头（这一行写的是 第0行）；要有列：编号、姓名、村代码",
    ),
    "no head at all": (lambda: with_rows(("张示例", "13800000000")), "没有表头"),
    "times that are none": (lambda: windows((VILLAGE, "早", "1", "早上", "25:00", "1001")), "“开始”不是时间"),
    "decimal card numbers": (
        lambda: cards(("0077736732", "1001"), ("0077736733", "1001")),
        "卡 第 2 行：卡号只有数字（共 2 行：第 2、3 行）",
    ),
    "eight decimal digits": (lambda: cards(("77736732", "1001")), "看不出是十进制还是十六进制"),
    "decimal numbers among hex ones": (
        lambda: cards(("04A22B1C", "1001"), ("0077736732", "1001")),
        "卡 第 3 行：卡号只有数字，",
    ),
    "a decimal number beside a hex one of its length": (
        lambda: cards(("04A22B3C", "1001"), ("77736734", "1001")),
        "卡 第 3 行：卡号只有数字，看不出是十进制还是十六进制。请在“卡号格式”列写明（例如 十六进制 或 十进制），"
        "或在导入时选择“卡号格式”",
    ),
    "digits of several lengths among hex ones": (
        lambda: cards(
            ("04A22B3C", "1001"),
            ("77736734", "1001"),
            ("0077736735", "1001"),
            ("7773 6736", "1001"),
            ("04A22B3C05", "1001"),
            ("1234567890123", "1001"),
        ),
        "卡 第 3 行：卡号只有数字（共 4 行：第 3、4、5、7 行）",
    ),
    "zeros, which are no card in any form": (lambda: cards(("00000000", "1001")), "“卡号”全是 0 或全是 F"),
    "a card number kept as a number": (lambda: cards((77736732, "1001")), "被 Excel 存成了数字"),
    "a card number in another form than said": (
        lambda: cards(("04A22B1C", "1001", "十进制"), heads=("卡号", "人员编号", "卡号格式")),
        "“卡号”不是“十进制”的写法",
    ),
    "a part of a card number": (
        lambda: cards(("116,23120", "1001", "3+5"), heads=("卡号", "人员编号", "卡号格式")),
        "“卡号格式”的这种写法只有卡号的一部分",
    ),
    "an unknown form": (
        lambda: cards(("04A22B1C", "1001", "八进制"), heads=("卡号", "人员编号", "卡号格式")),
        "“卡号格式”不认识",
    ),
    "a csv that lacks a column": (lambda: "编号,姓名\n1001,张示例\n".encode("gbk"), "CSV 文件认不出是哪一种表"),
    "a web page called xls": (lambda: b"\n<html><table><tr><td>1</td></tr></table></html>", "这是网页"),
    "an old file or one with a password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "加了密码的文件"),
    "an ods": (lambda: _ods(), "这不是 Excel 文件"),
    "a word file": (lambda: _word(), "这不是 Excel 文件"),
    "a binary workbook": (lambda: _binary(), "二进制工作簿（.xlsb）"),
    "content far to the right": (
        lambda: only('<row r="2"><c r="XFD2"><v>1</v></c></row>'),
        "第 2 行在第 100 列以后还有内容",
    ),
}


def _with_notes(title: str) -> bytes:
    made = of_people(HEAD, GOOD)
    made.create_sheet(title).append(["怎么填"])
    return saved(made)


def _with_empty() -> bytes:
    made = of_people(HEAD, GOOD)
    made.create_sheet("Sheet2")
    return saved(made)


def _ods() -> bytes:
    return packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"})


def _word() -> bytes:
    return repacked(with_rows(HEAD), {"xl/workbook.xml": b'<w:document xmlns:w="urn:word"/>'})


def _binary() -> bytes:
    return repacked(with_rows(HEAD), {"_rels/.rels": lambda old: old.replace(b"workbook.xml", b"workbook.bin")})


def read(data: bytes) -> Plan:
    return read_plan(BOOK, read_sheets(data))


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_sheet_holds_is_read_or_told(name: str) -> None:
    make, count, note = TAKEN[name]
    data = make()
    plan = read(data)
    rows = [*plan.regions, *plan.stations, *plan.people, *plan.uids, *plan.windows]
    assert len(rows) == count
    if count:
        assert plan.errors == []
        assert unaccounted(data, plan) == []
        assert note in "；".join(plan.notes)
        assert bool(note) == bool(plan.notes)
    else:
        assert note in str(plan.errors[0])


def test_the_only_sheet_goes_by_its_columns_whatever_it_is_called() -> None:
    plan = read(with_rows(HEAD, GOOD, title="花名册"))
    assert (plan.errors, [row.number for row in plan.people]) == ([], ["1001"])
    assert plan.notes == ["按表头认作“人员”。"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_said(name: str) -> None:
    make, said = REFUSED[name]
    try:
        found = [str(error) for error in read(make()).errors]
    except BadWorkbook as problem:
        found = [str(problem)]
    assert any(said in line for line in found), found


def test_a_form_chosen_for_the_file_settles_what_digits_mean() -> None:
    data = cards(("04A22B3C", "1001"), ("77736734", "1001"))
    plan = read_plan(BOOK, read_sheets(data), choice="hex")
    assert plan.errors == []
    assert [row.uid for row in plan.uids] == ["04a22b3c", "77736734"]
    decimal = read_plan(BOOK, read_sheets(cards(("77736734", "1001"))), choice="decimal")
    assert [row.uid for row in decimal.uids] == ["04a22b1e"]


def test_the_two_readers_count_alike() -> None:
    data = people([(str(number), f"人{number}", VILLAGE) for number in range(300)])
    assert {title: len(rows) for title, rows in raw_rows(data).items()} == {"区划": 4, "人员": 301}
    assert len(read(data).people) == 300
    assert len(read(data).regions) == len(REGIONS)
