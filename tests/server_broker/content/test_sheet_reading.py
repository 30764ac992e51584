"""Our Excel template, filled in as people do: every row is taken, or refused with its row and its reason."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server_broker.content.bank import Bank
from server_broker.content.files import open_bank
from server_broker.content.gathering import Gathering, Outcome
from server_broker.content.sheet import BOOK, QUESTIONS, BankPlan, gather
from server_broker.content.sheet_writing import template, workbook
from server_broker.content.text_files import FileRefused
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from tests.server_broker.content.banks import question
from tests.server_broker.rosters.workbooks import members_of, packed, repacked, saved

GOOD = (
    "q1",
    "第一关",
    "单选",
    "示例题目？",
    "甲",
    "乙",
    "丙",
    None,
    None,
    None,
    "B",
    "示例解释。",
    "《示例办法》第一条",
)
WHOLE = ("示例题库", "demo", "张示例", dt.date(2027, 6, 30), 6, "是")


def filled(
    *rows: tuple[Any, ...], bank: tuple[Any, ...] | None = WHOLE, levels: tuple[tuple[Any, ...], ...] = ()
) -> Any:
    """Return the template with rows typed into it."""
    made = openpyxl.load_workbook(io.BytesIO(template()))
    for row in rows:
        made[QUESTIONS].append(row)
    if bank:
        made["题库"].append(bank)
    for level in levels:
        made["关"].append(level)
    return made


def read(data: bytes) -> tuple[Bank, list[Outcome], BankPlan]:
    into = Gathering()
    plan = read_plan(BOOK, read_sheets(data))
    outcomes = list(gather(plan, into))
    return into.bank(title="题"), outcomes, plan


def of(*rows: tuple[Any, ...]) -> tuple[Bank, list[Outcome], BankPlan]:
    return read(saved(filled(*rows)))


def changed(**cells: Any) -> tuple[Any, ...]:
    """Return the good row with some of its cells changed, by letter of their column."""
    row = list(GOOD) + [None] * (15 - len(GOOD))
    for letter, value in cells.items():
        row[ord(letter) - 65] = value
    return tuple(row)


def test_the_template_has_a_head_of_two_rows_and_is_read() -> None:
    made = openpyxl.load_workbook(io.BytesIO(template()))
    sheet = made[QUESTIONS]
    assert [cell.value for cell in sheet[1]][3:6] == ["题目", "选项", None]
    assert [cell.value for cell in sheet[2]][4:10] == ["A", "B", "C", "D", "E", "F"]
    assert "E1:J1" in [str(merged) for merged in sheet.merged_cells.ranges]
    bank, (outcome,), plan = of(GOOD)
    assert (plan.errors, plan.notes) == ([], [])
    assert outcome.line == 3
    assert outcome.question == question()
    assert (bank.id, bank.title, bank.owner, bank.review_by) == ("demo", "示例题库", "张示例", dt.date(2027, 6, 30))
    assert (bank.sample, bank.levels[0].draw, bank.levels[0].name) == (True, 6, "第一关")


@pytest.mark.parametrize(
    ("cells", "kind", "options", "answer"),
    [
        ({"C": "单选题", "K": " b "}, "single", ["甲", "乙", "丙"], [1]),
        ({"C": "多选", "K": "C、A"}, "multiple", ["甲", "乙", "丙"], [0, 2]),
        ({"C": "排序", "K": "C→A→B"}, "ordering", ["甲", "乙", "丙"], [2, 0, 1]),
        ({"C": "判断", "E": None, "F": None, "G": None, "K": "错"}, "true_false", ["对", "错"], [1]),
        ({"C": "判断", "E": None, "F": None, "G": None, "K": True}, "true_false", ["对", "错"], [0]),
        ({"C": "判断", "E": "是", "F": "不是", "G": None, "K": "B"}, "true_false", ["是", "不是"], [1]),
        ({"E": 18, "F": 20, "G": "0025"}, "single", ["18", "20", "0025"], [1]),
    ],
)
def test_kinds_and_answers_are_read_as_people_write_them(
    cells: dict[str, Any], kind: str, options: list[str], answer: list[int]
) -> None:
    _, (outcome,), _ = of(changed(**cells))
    assert outcome.question is not None, outcome.refusals
    assert (outcome.question.kind, outcome.question.options, outcome.question.answer) == (kind, options, answer)


@pytest.mark.parametrize(
    ("cells", "code", "said"),
    [
        ({"B": None}, "no_level", "哪一关"),
        ({"B": "长" * 65}, "level_name", "64 个字"),
        ({"C": "简答"}, "unknown_kind", "“简答”"),
        ({"C": None}, "unknown_kind", "没有写题型"),
        ({"D": None}, "no_stem", "没有题目"),
        ({"D": "长" * 61}, "stem_long", "61 个字"),
        ({"D": "=A1&B1"}, "bad_cell", "是公式"),
        ({"D": "#N/A"}, "bad_cell", "错误值"),
        ({"D": "零\u200b宽"}, "bad_cell", "看不见"),
        ({"D": "长" * 9000}, "bad_cell", "太长"),
        ({"E": 0.5}, "bad_cell", "“选项A”是带小数"),
        ({"E": dt.date(2026, 3, 5)}, "bad_cell", "变成了日期"),
        ({"E": None}, "option_empty", "选项 A 是空的"),
        ({"E": "乙"}, "option_twice", "一模一样"),
        ({"F": None, "G": None, "K": "A"}, "options_count", "1 个选项"),
        ({"G": "长" * 25}, "option_long", "选项 C 有 25 个字"),
        ({"K": None}, "no_answer", "没有正确答案"),
        ({"K": "甲"}, "bad_answer", "写选项的字母"),
        ({"K": "AB"}, "answer_count", "一个正确答案"),
        ({"K": "D"}, "answer_outside", "只有 3 个选项"),
        ({"C": "多选", "K": "AA"}, "answer_count", "写了两次"),
        ({"C": "排序", "K": "AB"}, "answer_count", "各写一次"),
        ({"C": "判断", "K": "A"}, "answer_count", "两个选项"),
        ({"L": None}, "no_explanation", "没有解释"),
        ({"L": "长" * 121}, "explanation_long", "最多 120"),
        ({"M": None}, "no_source", "没有出处"),
        ({"M": "长" * 61}, "source_long", "最多 60"),
        ({"N": "图/a.jpg"}, "bad_picture", "文件名"),
        ({"O": "a.."}, "bad_sound", "文件名"),
        ({"A": "长" * 65}, "id_long", "编号太长"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(cells: dict[str, Any], code: str, said: str) -> None:
    bank, (first, second), plan = of(changed(A="q0"), changed(**cells))
    assert plan.errors == []
    assert first.question is not None
    assert second.line == 4
    assert code in [refusal.code for refusal in second.refusals], second.refusals
    assert said in "；".join(refusal.says for refusal in second.refusals)
    assert len(list(bank.questions())) == 1


def test_all_reasons_of_a_row_are_named_at_once() -> None:
    _, (outcome,), _ = of(changed(D=None, L=None, M=None, K="X"))
    assert {refusal.code for refusal in outcome.refusals} == {"bad_answer", "no_stem", "no_explanation", "no_source"}


def test_an_id_that_two_rows_have_is_refused_with_the_first_row() -> None:
    _, (_, second), _ = of(GOOD, changed(D="别的题？"))
    assert (second.refusals[0].code, second.refusals[0].says) == ("id_twice", "编号“q1”和第 3 行的题相同")


def test_levels_keep_ids_order_and_draw_of_their_sheet() -> None:
    levels = (("第二关", "l2", 8), ("第一关", "l1", None))
    bank, outcomes, _ = read(saved(filled(GOOD, changed(A="q2", B="l2"), changed(A="q3", B="第三关"), levels=levels)))
    assert all(outcome.question for outcome in outcomes)
    assert [(level.id[:2], level.name, level.draw) for level in bank.levels] == [
        ("l2", "第二关", 8),
        ("l1", "第一关", 6),
        ("l-", "第三关", 6),
    ]


@pytest.mark.parametrize(
    ("bank", "said"),
    [
        (("示例", "demo", "张示例", "明年", 6, "是"), "题库 第 2 行：“复审日期”不是日期"),
        (("示例", "demo", "张示例", None, "六", "是"), "题库 第 2 行：“每关抽几题”要写数字"),
        (("示例", "demo", "张示例", None, 6, "示例"), "题库 第 2 行：“示例”只能写“是”或“否”"),
    ],
)
def test_a_bad_cell_of_the_bank_is_named(bank: tuple[Any, ...], said: str) -> None:
    _, (outcome,), plan = read(saved(filled(GOOD, bank=bank)))
    assert outcome.question is not None
    assert [str(error)[: len(said)] for error in plan.errors] == [said]


def test_a_second_bank_in_a_file_is_an_error() -> None:
    made = filled(GOOD)
    made["题库"].append(WHOLE)
    _, _, plan = read(saved(made))
    assert [str(error) for error in plan.errors] == ["题库 第 3 行：“题库”只能有一行，一个文件是一个题库"]


def merged_downwards() -> bytes:
    made = filled(GOOD, changed(A="q2", B=None))
    made[QUESTIONS].merge_cells("B3:B4")
    return saved(made)


def title_above() -> bytes:
    made = filled(GOOD)
    made[QUESTIONS].insert_rows(1)
    made[QUESTIONS]["A1"] = "示例县题库"
    return saved(made)


def hidden() -> bytes:
    made = filled(GOOD)
    made[QUESTIONS].sheet_state = "hidden"
    return saved(made)


def unknown_sheet() -> bytes:
    made = filled(GOOD)
    made.create_sheet("草稿").append(("示例",))
    return saved(made)


def missing_column() -> bytes:
    made = filled(GOOD)
    made[QUESTIONS].delete_cols(13)
    return saved(made)


def macros() -> bytes:
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    with_macros = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    types: Callable[[bytes], bytes] = lambda part: part.replace(kind, with_macros)  # noqa: E731
    return repacked(saved(filled(GOOD)), {"[Content_Types].xml": types, "xl/vbaProject.bin": b"\xd0\xcf" * 500})


def empty_rows() -> bytes:
    """Every row that Excel has is there, with nothing in it, and a question in the last."""
    row = "".join(
        f'<c r="{chr(65 + place)}1048576" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(changed(A="q2"))
        if text
    )
    empty = "".join(f'<row r="{number}"/>' for number in range(4, 1_048_576))
    tail = f'{empty}<row r="1048576">{row}</row></sheetData>'.encode()
    return repacked(saved(filled(GOOD)), {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"</sheetData>", tail)})


@pytest.mark.parametrize(
    ("make", "taken", "said"),
    [
        (merged_downwards, 1, "第 4 行 没有写是哪一关"),
        (title_above, 1, "题目 第 1 行在表头上面，不导入"),
        (hidden, 1, "是隐藏的，也一并读取"),
        (unknown_sheet, 1, "草稿 不认识这个工作表"),
        (missing_column, 0, "题目 第 2 行：缺少列“出处”"),
        (macros, 1, ""),
        (empty_rows, 2, ""),
    ],
)
def test_workbooks_as_offices_have_them(tmp_path: Path, make: Callable[[], bytes], taken: int, said: str) -> None:
    path = tmp_path / "题库.xlsx"
    path.write_bytes(make())
    file = open_bank(path)
    outcomes = list(file.outcomes)
    refused = [f"第 {outcome.line} 行 {refusal.says}" for outcome in outcomes for refusal in outcome.refusals]
    assert sum(outcome.question is not None for outcome in outcomes) == taken
    assert said in "\n".join([*map(str, file.problems), *file.notes, *refused])
    if not said:
        assert (file.problems, refused) == ([], [])


def bomb() -> bytes:
    members = members_of(saved(filled(GOOD)))
    members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"] + b" " * (30 * 2**20)
    return packed(members)


def coloured() -> bytes:
    """A format on a cell of every row that Excel has, as people make it by colouring a column."""
    cells = "".join(f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(4, 1_048_577))
    part = f"{cells}</sheetData>".encode()
    return repacked(saved(filled(GOOD)), {"xl/worksheets/sheet1.xml": lambda old: old.replace(b"</sheetData>", part)})


def torn() -> bytes:
    return saved(filled(GOOD))[:2000]


def entities() -> bytes:
    lol = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    return repacked(saved(filled(GOOD)), {"xl/worksheets/sheet1.xml": lambda part: lol + part})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (bomb, "展开后超过"),
        (coloured, "展开后超过"),
        (torn, "另存为 .xlsx"),
        (entities, "另存为 .xlsx"),
        (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧格式"),
        (lambda: b"<html><table></table></html>", "网页"),
        (lambda: b"", "不是 Excel 文件"),
        (lambda: b"\0" * 100, "不是 Excel 文件"),
        (lambda: b"x" * (9 * 2**20), "超过 8 MB"),
    ],
)
def test_a_hostile_workbook_is_refused_with_a_sentence(tmp_path: Path, make: Callable[[], bytes], said: str) -> None:
    path = tmp_path / "题库.xlsx"
    path.write_bytes(make())
    with pytest.raises(FileRefused) as refused:
        open_bank(path)
    assert (refused.value.code, said in refused.value.says) == ("bad_workbook", True), refused.value.says


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_a_csv_of_the_questions_is_read(tmp_path: Path, encoding: str) -> None:
    text = io.StringIO()
    head = ("编号", "关", "题型", "题目", "选项A", "选项B", "选项C", "答案", "解释", "出处")
    csv.writer(text).writerows([head, [cell for cell in GOOD if cell is not None]])
    path = tmp_path / "防汛.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    file = open_bank(path)
    (outcome,) = list(file.outcomes)
    assert (outcome.line, outcome.question) == (2, question())
    assert file.bank().title == "防汛"


def test_a_text_that_looks_like_a_formula_goes_out_as_text() -> None:
    bank, _, _ = of(changed(D="'=HYPERLINK(1)", E="-1 度"))
    with zipfile.ZipFile(io.BytesIO(workbook(bank))) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    made = openpyxl.load_workbook(io.BytesIO(workbook(bank)))
    assert (made[QUESTIONS]["D3"].value, made[QUESTIONS]["E3"].value) == ("'=HYPERLINK(1)", "'-1 度")
    assert read(workbook(bank))[0] == bank
