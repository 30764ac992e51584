"""An Excel file becomes documents, and what is wrong in it is named in Chinese with its sheet and row."""

import datetime as dt
from typing import Any

import pytest

from protocol.documents import Column, Heading, Paragraph, Row, Table, wrong_sums
from server_broker.bundles.document_sheets import BOOK, DocumentsPlan
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading import read_file
from server_broker.sheets.reading_rows import read_plan
from tests.server_broker.bundles.document_files import GOOD, HEAD, ITEMS, TABLE, workbook


def plan(sheets: dict[str, list[list[Any]]]) -> DocumentsPlan:
    return read_plan(BOOK, read_sheets(workbook(sheets)))


def errors(*rows: list[Any], sheet: str = "收支", **others: list[list[Any]]) -> list[str]:
    return [str(error) for error in plan({sheet: [*HEAD, *rows], **others}).errors]


def test_a_file_is_read_in_a_process_of_its_own_as_it_was_meant() -> None:
    read = read_file(BOOK, workbook(GOOD))
    assert read.errors == []
    money, lamps = read.documents
    assert (money.title, money.kind, money.period, money.published, money.source) == (
        "示例村十一月收支",
        "finance",
        "2026-11",
        "2026-11-28",
        "示例村村委会",
    )
    assert money.sample, "nothing is published yet but samples"
    assert money.blocks == [
        Heading(text="支出"),
        Table(
            columns=[
                Column(title="项目"),
                Column(title="日期", kind="date"),
                Column(title="笔数", kind="number"),
                Column(title="金额（元）", kind="yuan"),
            ],
            rows=[
                Row(cells=["修路灯", "2026-11-03", 2, 123_450], opens=lamps.id),
                Row(cells=["打扫", "", "", 50_000]),
            ],
            sums=[None, None, 2, 173_450],
        ),
        Paragraph(text="以上为示例。"),
    ]
    assert (lamps.title, lamps.part_of, lamps.source) == ("路灯明细", money.id, "示例村村委会")
    assert wrong_sums(read.documents) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026", "2026"),
        ("2026-11", "2026-11"),
        ("2026年3月", "2026-03"),
        ("2026年第四季度", "2026-Q4"),
        ("2026-Q2", "2026-Q2"),
        (dt.date(2026, 11, 1), "2026-11"),
    ],
)
def test_periods_as_people_write_them(written: Any, read: str) -> None:
    rows = [row for row in HEAD if row[0] != "所属期"]
    found = plan({"a": [*rows, ["所属期", written], ["段落", "示例"]]})
    assert (found.errors, found.documents[0].period) == ([], read)


@pytest.mark.parametrize(
    ("written", "fen"),
    [(0.1, 10), (1.15, 115), (1234567.89, 123_456_789), (-5, -500), ("-5.5", -550), ("1,000元", 100_000), ("0", 0)],
)
def test_money_is_exact(written: Any, fen: int) -> None:
    table = [["表头", "项目", "金额"], ["列类型", "文字", "金额"], ["行", "示例", written]]
    found = plan({"a": [*HEAD, *table]})
    block = found.documents[0].blocks[0]
    assert isinstance(block, Table)
    assert block.rows[0].cells == ["示例", fen]


MISTAKES: dict[str, tuple[list[list[Any]], str]] = {
    "a word that is none": ([["说明书", "示例"]], "收支第 6 行：第一列写的是“说明书”，须是：标题"),
    "no word": ([["", "示例"]], "收支第 6 行：第一列是空的"),
    "a title twice": ([["标题", "示例"], ["段落", "示例"]], "“标题”写了两次"),
    "three decimals": ([*TABLE[1:3], ["行", "示例", "", "", 1.234]], "收支第 8 行：“金额（元）”不是金额"),
    "words for money": ([*TABLE[1:3], ["行", "示例", "", "", "一百"]], "“金额（元）”不是金额"),
    "a formula": ([*TABLE[1:3], ["行", "示例", "", "", "=1+1"]], "“金额（元）”是公式，请改成值"),
    "half a thing": ([*TABLE[1:3], ["行", "示例", "", 1.5, 1]], "“笔数”是带小数"),
    "no day": ([*TABLE[1:3], ["行", "示例", "2026-11-31", 1, 1]], "“日期”不是一个日子"),
    "a kind of column that is none": ([TABLE[1], ["列类型", "文字", "时间"]], "“日期”的列类型“时间”不认识，须是：文字"),
    "kinds of columns below a row": (
        [TABLE[1], ["行", "示例", "", "", 12.5], TABLE[2]],
        "收支第 8 行：“列类型”要写在“表头”下面，第一个“行”或“合计”之前",
    ),
    "kinds of columns below the sum": ([TABLE[1], ["合计", "", "", ""], TABLE[2]], "第一个“行”或“合计”之前"),
    "kinds of columns twice": ([*TABLE[1:3], TABLE[2]], "“列类型”写了两次"),
    "two sums": (
        [*TABLE[1:4], ["合计", "", "", "", 12.5], ["合计", "", "", "", 1234.5]],
        "收支第 10 行：“合计”写了两次，一张表请只留一行",
    ),
    "a row without a head": ([["行", "示例"]], "上面还没有“表头”"),
    "nine columns": ([["表头", *"一二三四五六七八九"]], "列太多，一张表最多 8 列"),
    "items that are not there": (
        [*TABLE[1:3], ["行", "示例", "", "", 1, "别处"]],
        "明细“别处”不是这个文件里的另一个工作表",
    ),
    "its own items": ([*TABLE[1:3], ["行", "示例", "", "", 1, "收支"]], "明细“收支”不是这个文件里的另一个"),
    "a picture without words": ([["图片", "a.png"]], "第三列请写图片上是什么"),
    "a path": ([["图片", "../a.png", "示例图"]], "图片只写文件名"),
    "a long paragraph": ([["段落", "字" * 2_001]], "太长，最多 2000 个字"),
    "signs that can't be seen": ([["段落", "示\u202e例"]], "含有看不见的字符"),
    "nothing to read": ([], "没有内容：至少要有一个段落或一张表"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_in_chinese_with_its_row(name: str) -> None:
    rows, words = MISTAKES[name]
    found = errors(*rows)
    assert any(words in error.replace(" 第", "第") for error in found), found


def test_what_is_missing_is_named() -> None:
    assert errors() == ["收支 没有内容：至少要有一个段落或一张表"]
    bare = plan({"收支": [["段落", "示例"]]})
    assert [str(error) for error in bare.errors] == [
        f"收支 没有写“{what}”：第一列写{what}，第二列写内容" for what in ("标题", "公布日期", "来源")
    ]
    assert bare.documents == []


def test_items_belong_to_one_row_and_lie_at_most_three_deep() -> None:
    row = ["行", "示例", "", "", 1, "明细"]
    assert any("已经用在另一行" in error for error in errors(*TABLE[1:3], row, row, 明细=ITEMS))
    two = plan({"甲": [*HEAD, *TABLE[1:3], row], "乙": [*HEAD, *TABLE[1:3], row], "明细": ITEMS})
    assert any("已经属于“甲”" in str(error) for error in two.errors)
    chain = {
        name: [*HEAD, ["表头", "项目", "明细"], ["行", "示例", below]]
        for name, below in zip("甲乙丙丁", "乙丙丁甲", strict=True)
    }
    assert any("明细套得太深" in str(error) for error in plan(chain).errors)


def test_2001_rows_are_too_many() -> None:
    rows = [["行", "示例", "", "", 1]] * 2_001
    assert any("行太多，一张表最多 2,000 行" in error for error in errors(*TABLE[1:3], *rows))
