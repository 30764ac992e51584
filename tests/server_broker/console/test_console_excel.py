"""People come in from Excel: every error at once, in Chinese, and a bad file changes nothing."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from protocol.cards import card_token
from server_broker import trust
from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from server_broker.rosters import roster_export
from server_broker.rosters.roster_import import import_people
from server_broker.sheets import reading, workbook
from tests.server_broker.rosters.workbooks import columns_of, saved

pytestmark = pytest.mark.django_db

REGIONS = [("990101000000", "示例县"), ("990101001000", "示例镇"), ("990101001001", "示例村")]
PEOPLE = [("1001", "张示例", "990101001001"), ("1002", "李示例", "990101001001")]
CARDS = [("04a1b2c3", "1001"), ("04A1B2C3D4E5F6", "1002")]
WINDOWS = [("990101001001", "上午班", "周一至周五", "08:00", "12:00", "1001，1002")]
STATIONS = [("demo-1", "示例村站", "990101001001")]


@pytest.fixture(autouse=True)
def _keys() -> None:
    trust.prepare(settings.HOME)


def book(**sheets: Iterable[tuple[Any, ...]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        sheet.append(columns_of(title))
        for row in rows:
            sheet.append(row)
    return saved(made)


def whole(**changed: Iterable[tuple[Any, ...]]) -> bytes:
    sheets: dict[str, Any] = {"区划": REGIONS, "站点": STATIONS, "人员": PEOPLE, "卡": CARDS, "值班": WINDOWS}
    return book(**(sheets | changed))


def messages(data: bytes | Path, **options: Any) -> list[str]:
    result = import_people(data, **options)
    assert not result.ok
    assert not Region.objects.exists() or Person.objects.count() <= 2
    return [str(error) for error in result.errors]


def test_a_good_file_goes_in_whole() -> None:
    result = import_people(whole())
    assert result.lines() == [
        "区划：新增 3，更新 0，未变 0",
        "站点：新增 1，更新 0，未变 0",
        "人员：新增 2，更新 0，未变 0",
        "卡：新增 2，更新 0，未变 0",
        "值班：新增 1，更新 0，未变 0",
    ]
    key = trust.county_keys(settings.HOME).card_key
    card = Card.objects.get(token=card_token(key, "04a1b2c3d4e5f6"))
    assert (card.tail, str(card.person)) == ("e5f6", "李示例")
    window = DutyWindow.objects.get()
    assert (window.weekdays, window.start, window.end) == ([1, 2, 3, 4, 5], 480, 720)
    assert {person.number for person in window.people.all()} == {"1001", "1002"}
    assert Station.objects.get().village_id == "990101001001"


def test_the_same_file_again_changes_nothing() -> None:
    import_people(whole())
    assert import_people(whole()).lines()[2] == "人员：新增 0，更新 0，未变 2"
    assert Card.objects.count() == 2


def test_a_changed_row_updates() -> None:
    import_people(whole())
    result = import_people(book(人员=[("1001", "张更名", "990101001001")]), renames={"1001"})
    assert result.lines() == ["人员：新增 0，更新 1，未变 0"]
    assert Person.objects.get(number="1001").name == "张更名"


def test_all_errors_come_at_once_with_sheet_and_row_and_nothing_is_kept() -> None:
    found = messages(
        whole(
            人员=[*PEOPLE, ("1001", "重复者", "990101001001"), ("1004", "", "990101009009")],
            卡=[*CARDS, ("04a1b2c3", "1002"), ("04zz", "1001"), ("08a1b2c3", "1001"), ("00000000", "1001")],
            值班=[("990101001001", "夜班", "周八", "25:00", "08:00", "9999")],
        )
    )
    assert "人员 第 4 行：与第 2 行重复（1001）" in found
    assert "人员 第 5 行：“姓名”为空" in found
    assert "卡 第 4 行：与第 2 行重复（尾号 b2c3）" in found
    assert any(line.startswith("卡 第 5 行：“卡号”") for line in found)
    assert any("手机" in line for line in found)
    assert any(line.startswith("值班 第 2 行：“星期”") for line in found)
    assert any(line.startswith("值班 第 2 行：“开始”") for line in found)
    assert Region.objects.count() == Person.objects.count() == Card.objects.count() == 0


def test_a_missing_column_is_named() -> None:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "人员"
    sheet.append(["编号", "村代码"])
    sheet.append(["1001", "990101001001"])
    assert "人员 第 1 行：缺少列“姓名”" in messages(saved(made))


def test_full_width_digits_are_digits() -> None:
    assert import_people(
        whole(
            人员=[("１００１", "张示例", "９９０１０１００１００１"), PEOPLE[1]], 卡=[("０４Ａ１Ｂ２Ｃ３", "１００１")]
        )
    ).ok
    assert Person.objects.get(number="1001").cards.get().tail == "b2c3"


def test_ids_kept_as_numbers_become_their_digits() -> None:
    regions = [(float(code), name) for code, name in REGIONS]
    assert import_people(
        whole(区划=regions, 人员=[(1001.0, "张示例", 990101001001.0), (1002, "李示例", 990101001001)])
    ).ok
    assert Person.objects.get(number="1001").village_id == "990101001001"


@pytest.mark.parametrize("number", [1234567890.0, 12345678, 123456e2, 1.5e40, True])
def test_a_card_number_kept_as_a_number_is_refused(number: float) -> None:
    found = messages(whole(卡=[(number, "1001")]))
    assert len(found) == 1
    assert found[0].startswith("卡 第 2 行：“卡号”")


@pytest.mark.parametrize(
    ("value", "reason"),
    [("=A1", "是公式"), (12.5, "带小数"), (datetime(2026, 1, 5), "变成了日期"), ("a\x0b", "看不见")],  # noqa: DTZ001
)
def test_what_is_no_number_of_a_person_is_refused(value: Any, reason: str) -> None:
    if value == "a\x0b":
        value = "a\u200b"
    found = messages(whole(人员=[*PEOPLE, (value, "王示例", "990101001001")]))
    assert [reason in line for line in found] == [True]


def test_a_village_whose_township_is_unknown_is_refused() -> None:
    found = messages(book(区划=[("990101001001", "示例村")]))
    assert "区划 第 2 行：缺少上级区划 990101001000，请一并填写" in found


def test_a_card_that_somebody_else_has_is_refused() -> None:
    import_people(whole())
    found = messages(book(卡=[("04a1b2c3", "1002")]))
    assert found == ["卡 第 2 行：尾号 b2c3 的卡已绑定给编号 1001 的人员"]
    assert Card.objects.filter(tail="b2c3", person__number="1001").exists()


def test_windows_of_one_person_must_not_overlap() -> None:
    rows = [
        *WINDOWS,
        ("990101001001", "加班", "5", "11:30", "13:00", "1001"),
        ("990101001001", "夜班", "日", "22:00", "8:30", "1001"),
    ]
    assert messages(whole(值班=rows)) == [
        "值班 第 2 行：编号 1001 的人员与“加班”的时间重叠",
        "值班 第 2 行：编号 1001 的人员与“夜班”的时间重叠",
    ]
    assert not DutyWindow.objects.exists()


def test_times_come_as_cells_fractions_and_text() -> None:
    rows = [
        ("990101001001", "一", "1、3", time(8, 0), 0.5, "1001"),
        ("990101001001", "二", "2", "８：３０", "24:00", "1001"),
        ("990101001001", "三", "六日", "22:00", "06:00", "1001"),
    ]
    assert import_people(whole(值班=rows)).ok
    spans = DutyWindow.objects.order_by("id").values_list("weekdays", "start", "end")
    assert list(spans) == [([1, 3], 480, 720), ([2], 510, 1440), ([6, 7], 1320, 1800)]


def test_rows_outside_the_scope_are_refused() -> None:
    import_people(whole())
    found = messages(book(人员=[("1001", "张示例", "990101001001")]), scope="990101002000")
    assert found == ["人员 第 2 行：不在您的管辖范围内"]


def test_an_unknown_sheet_is_an_error_and_an_empty_one_is_not() -> None:
    made = openpyxl.load_workbook(io.BytesIO(whole()))
    made.create_sheet("Sheet1")
    assert import_people(saved(made)).ok
    made.create_sheet("工资").append(["x"])
    assert any(line.startswith("工资 不认识") for line in messages(saved(made)))


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0 old", "名单".encode(), b"\x00" * 100_000]
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    found = messages(data)
    assert len(found) == 1
    assert "Excel" in found[0]


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return file.getvalue()


def test_a_zip_bomb_is_refused_unread() -> None:
    bomb = repacked(whole(), "xl/worksheets/sheet1.xml", b" " * (workbook.MAX_SHEET_BYTES + 1))
    assert len(bomb) < 200_000
    assert messages(bomb) == ["工作表“区划”展开后超过 24 MB，不予读取。请把内容复制到空模板里，再上传。"]


def test_entities_are_refused() -> None:
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        b'<c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    assert "已损坏" in messages(repacked(whole(), "xl/worksheets/sheet1.xml", laughs))[0]


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]
)
@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", b"\xff\xfe\x00"])
def test_broken_parts_are_refused(part: str, content: bytes) -> None:
    data = repacked(whole(), part, content)
    if (part, content) == ("xl/styles.xml", b"<a/>"):
        # A well-formed part without a style: dates would be numbers, and this file has none.
        assert import_people(data).ok
        return
    [said] = messages(data)
    assert said.startswith(("文件已损坏", "这不是 Excel 文件"))
    assert not Region.objects.exists()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("XFD1048576", "工作表“区划”第 1048576 行在第 100 列以后还有内容"),
        ("A1048576", "区划 第 1048576 行：前 5 行里没有表头"),
    ],
)
def test_a_sheet_that_lies_about_its_size_is_refused_where_it_ends(cell: str, said: str) -> None:
    row = f'<row r="1048576"><c r="{cell}"><v>1</v></c></row>'
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:A1"/>'
        f"<sheetData>{row}</sheetData></worksheet>"
    )
    found = messages(repacked(whole(), "xl/worksheets/sheet1.xml", sheet.encode()))
    assert found[0].startswith(said)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        file.truncate(reading.MAX_FILE_BYTES + 1)
    assert messages(path) == ["文件超过 8 MB，请分成几个文件上传。"]


def test_a_file_that_is_not_there_is_an_error() -> None:
    assert messages(Path("/nowhere/名单.xlsx")) == ["打不开文件：名单.xlsx"]


def test_the_template_imports_as_nothing_and_the_export_as_the_same() -> None:
    assert messages(roster_export.template()) == ["文件里没有可以导入的内容"]
    import_people(whole())
    result = import_people(roster_export.export_people("990101000000"))
    assert [line for line in result.lines() if "新增 0，更新 0" not in line] == []


def test_an_export_never_holds_a_formula() -> None:
    import_people(whole())
    Person.objects.filter(number="1001").update(name="=HYPERLINK(1)")
    sheet = openpyxl.load_workbook(io.BytesIO(roster_export.export_people("990101000000")))["人员"]
    cell = sheet["B2"]
    assert (cell.value, cell.data_type) == ("'=HYPERLINK(1)", "s")
    assert messages(book(人员=[("1009", "＝1+1", "990101001001")])) == ["人员 第 2 行：“姓名”不能以 = + - @ 开头"]
