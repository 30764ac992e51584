"""A CSV file is read like a sheet, whoever wrote it, in whatever encoding. A doubtful one is refused in a sentence."""

import random
from collections.abc import Callable

import pytest

from server_broker.rosters.plan import PersonRow, Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading import read_file
from server_broker.sheets.reading_rows import read_plan
from server_broker.sheets.spreadsheetml import MAX_ROWS
from server_broker.sheets.workbook import BadWorkbook

VILLAGE = "990101001001"
PEOPLE = f"编号,姓名,村代码\n1001,张示例,{VILLAGE}\n1002,李䶮,{VILLAGE}\n"
ROWS = [PersonRow(2, "1001", "张示例", VILLAGE), PersonRow(3, "1002", "李䶮", VILLAGE)]


def plan_of(data: bytes) -> Plan:
    return read_plan(BOOK, read_sheets(data))


@pytest.mark.parametrize(
    "encoded",
    [
        PEOPLE.encode(),
        PEOPLE.encode("utf-8-sig"),
        PEOPLE.encode("gb18030"),
        PEOPLE.replace(",", "\t").encode("utf-16"),
        PEOPLE.encode("utf-16-be", "strict").join([b"\xfe\xff", b""]),
        PEOPLE.replace("\n", "\r\n").encode("gb18030"),
        PEOPLE.replace("\n", "\r").encode(),
        PEOPLE.replace(",", ";").encode(),
        PEOPLE.replace(",", "，").encode("gb18030"),
        PEOPLE.replace("1001", "１００１").replace("990101001001", "９９０１０１００１００１").encode(),
        PEOPLE.replace("李䶮", '" 李䶮 "').encode(),
    ],
)
def test_every_program_s_csv_is_the_same_list(encoded: bytes) -> None:
    plan = plan_of(encoded)
    assert (plan.people, plan.errors) == (ROWS, [])
    assert any("认作“人员”" in note for note in plan.notes)


def test_it_goes_through_the_process_apart() -> None:
    assert read_file(BOOK, PEOPLE.encode("gbk", "replace")).people[0] == ROWS[0]


def test_titles_above_and_rows_between_keep_their_numbers() -> None:
    text = f"示例县干部名册,,\n\n编号,姓名,村代码,备注\n1001,张示例,{VILLAGE},\n,,,只有备注\n1002,,{VILLAGE},\n"
    plan = plan_of(text.encode("gbk"))
    assert plan.people == [PersonRow(4, "1001", "张示例", VILLAGE)]
    assert [str(error) for error in plan.errors] == ["人员 第 6 行：“姓名”为空"]
    assert {"人员 第 1 行在表头上面，不导入", "人员 第 5 行只在不导入的列里有内容，不导入"} <= {*plan.notes}


def test_the_columns_tell_which_sheet_it_is() -> None:
    windows = f'村代码,名称,星期,开始,结束,人员编号\n{VILLAGE},上午,一至五,8:30,11:30:00,"1001,1002"\n'
    (window,) = plan_of(windows.encode("gbk")).windows
    assert (window.weekdays, window.start, window.end, window.people) == ([1, 2, 3, 4, 5], 510, 690, ["1001", "1002"])
    assert plan_of("代码,名称\n990101000000,示例县\n".encode()).regions[0].name == "示例县"
    cards = read_plan(BOOK, read_sheets("卡号,人员编号\n04A22B1C,1001\n77736732,1002\n".encode()), choice="hex")
    assert [card.uid for card in cards.uids] == ["04a22b1c", "77736732"]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no known columns": (lambda: b"a,b\n1,2\n", "认不出是哪一种表"),
    "Big5": (lambda: f"編號,姓名,村代碼\n1001,張示例,{VILLAGE}\n".encode("big5"), "认不出"),
    "an encoding that nobody knows": (lambda: b"\x81,\x20\xff\xff\xff\n" * 3, "编码认不出来"),
    "a quote that never closes": (lambda: PEOPLE.replace("张", '"张').encode(), "引号没有成对"),
    "text after a quote": (lambda: PEOPLE.replace("张示例", '"张"示例').encode(), "引号没有成对"),
    "a text without end": (lambda: (PEOPLE + "长" * 40_000).encode(), "内容过长"),
    "a null": (lambda: (PEOPLE + " " * 5_000 + "\x00").encode(), "不是表格文件"),
    "far too wide": (lambda: (PEOPLE + "," * 100 + "x\n").encode(), "第 100 列以后"),
    "far too long": (lambda: (PEOPLE + "x\n" * (MAX_ROWS + 1)).encode(), f"超过 {MAX_ROWS} 行"),
    "nothing but separators": (lambda: PEOPLE.encode() + b"," * 1_600_000, "格子过多"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_t_be_read_surely_is_refused_in_a_sentence(name: str) -> None:
    make, said = REFUSED[name]
    data = make()
    assert said in refusal_of(data)


def refusal_of(data: bytes) -> str:
    """Return why a file is not read, whether all of it or its rows; empty if it is read."""
    try:
        return "".join(error.message for error in plan_of(data).errors)
    except BadWorkbook as refusal:
        return str(refusal)


def test_damaged_ones_never_crash() -> None:
    rng = random.Random(20260901)
    for whole in (PEOPLE.encode(), PEOPLE.encode("gb18030"), PEOPLE.encode("utf-16")):
        for _ in range(400):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            refusal_of(bytes(data))  # raises what is neither a plan nor a refusal
