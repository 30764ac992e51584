"""The columns are found under titles and in heads of two rows with merged cells, and no row of data becomes a head."""

from typing import Any

import openpyxl

from server_broker.rosters.plan import PersonRow, Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets.declared import Book, SheetKind, SheetPlan
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.heads import Row, head_of
from server_broker.sheets.reading_rows import read_plan
from server_broker.sheets.spreadsheetml import Cell
from tests.server_broker.rosters.workbooks import saved

VILLAGE = "990101001001"


def people(*rows: tuple[Any, ...], merged: tuple[str, ...] = ()) -> Plan:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "人员"
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    return read_plan(BOOK, read_sheets(saved(made)))


def test_a_merged_title_and_a_head_of_two_rows() -> None:
    plan = people(
        ("示例镇干部名册", None, None, None),
        ("编号", "基本情况", None, "备注"),
        (None, "姓名", "村代码", None),
        ("1001", "张示例", VILLAGE, "组长"),
        merged=("A1:D1", "A2:A3", "B2:C2", "D2:D3"),
    )
    assert (plan.people, plan.errors) == ([PersonRow(4, "1001", "张示例", VILLAGE)], [])
    assert "人员 第 1 行在表头上面，不导入" in plan.notes
    assert "人员 这些列不导入：备注" in plan.notes


def test_a_row_of_data_is_never_taken_for_the_second_row_of_a_head() -> None:
    """Somebody is called as a column is, and the list lacks that column: the row must not vanish into the head."""
    plan = people(("编号", "名字", "村代码"), ("1001", "姓名", VILLAGE))
    assert [str(error) for error in plan.errors] == ["人员 第 1 行：缺少列“姓名”"]
    odd = people(("编号", "姓名", "甲", "乙"), ("1001", None, "村代码", "编号"), ("1002", "李示例", VILLAGE, "1003"))
    assert odd.people == []
    assert [str(error) for error in odd.errors] == ["人员 第 1 行：缺少列“村代码”"]
    whole = people(("编号", "姓名", "村代码"), ("姓名", "姓名", VILLAGE))
    assert [error.row for error in whole.errors] == [2]


def test_a_group_and_a_title_may_name_a_column_together() -> None:
    got: list[tuple[int, str | None, str | None]] = []

    def read(plan: SheetPlan, rows: list[Row], choice: str) -> None:
        for row in rows:
            morning, afternoon = (row.read(column, lambda cell: str(cell.value)) for column in ("上午开始", "下午开始"))
            got.append((row.number, morning, afternoon))

    book = Book("", SheetPlan, (SheetKind("作息", ("上午开始", "下午开始"), read),))
    made = openpyxl.Workbook()
    made.worksheets[0].title = "作息"
    for line in (("上午", None, "下午", None), ("开始", "结束", "开始", "结束"), ("8:30", "11:30", "14:00", "17:00")):
        made.worksheets[0].append(line)
    plan = read_plan(book, read_sheets(saved(made)))
    assert got == [(3, "8:30", "14:00")]
    assert plan.notes == ["作息 这些列不导入：结束、结束"]


def test_the_upper_of_two_equal_heads_counts() -> None:
    rows = [(1, {0: Cell("编号"), 1: Cell("姓名")}), (2, {0: Cell("编号"), 1: Cell("姓名")})]
    assert (head_of(rows, ("编号", "姓名")).first, head_of(rows, ("编号", "姓名")).last) == (1, 1)
