"""The workbooks of a month say what its CSV says, print on A4, and let no name pass for a formula."""

import csv
import datetime as dt
import io
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.closing.closing import close_month, show_month
from server_broker.closing.month import month_of
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.sheets.workbook import Sheet, read_workbook
from server_broker.timesheets.details import HEADS, TITLE
from server_broker.timesheets.hiding import everybody
from server_broker.timesheets.person_sheet import person_book
from server_broker.timesheets.words import shown
from server_broker.timesheets.workbooks import county_book, csv_of, township_book, village_book
from tests.cast import COUNTY, LI, SHILI_VILLAGE, TOWNSHIP, YANSHI, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.closing.lived_month import (
    APRIL,
    LATE,
    MAY_CLOSE,
    MISSED,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    county,
    lived,
    lives_on,
    march,
    officer,
    village,
)
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.settling.lived import BY, MONDAY, LivedStation, at, morning

__all__ = ["county", "lived", "march"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lived")]
NOW = at(APRIL, 8)


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def texts(sheet: Sheet) -> list[list[str]]:
    """The rows of a tab as our own importer reads them, without empty cells at their end."""
    found = []
    for _, cells in sheet.rows:
        found.append([_text(cells[column].value) if column in cells else "" for column in range(max(cells) + 1)])
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)


def table(content: bytes) -> list[dict[str, str]]:
    lines = content.decode().split("\r\n")
    return list(csv.DictReader(lines[lines.index("") + 1 :]))


def test_our_own_importer_reads_from_a_workbook_what_the_csv_says() -> None:
    month = month_of(village().identity, MONTH, NOW)
    printed, details = read_workbook(village_book(village(), MONTH, NOW, seen=everybody))
    said = csv_of(month)
    assert (printed.title, details.title) == ("示例村", TITLE)
    rows = texts(details)
    head = next(number for number, row in enumerate(rows) if row[0] == HEADS["number"][0])
    read = [
        {name: row[place] if place < len(row) else "" for place, name in enumerate(HEADS)} for row in rows[head + 1 :]
    ]
    assert read == table(said)
    assert [row[1:] for row in rows[:head]] == [row[1:] for row in csv.reader(io.StringIO(said.decode())) if row][:5]
    # The sheet that is printed has the same words under its dates.
    grid = texts(printed)
    dates = grid[2][2:33]
    assert dates == [str(number) for number in range(1, 32)]
    marks = {(row[1], number): mark for row in grid[4:6] for number, mark in enumerate(row[2:33], start=1) if mark}
    names = {ZHANG.number: ZHANG.name, LI.number: LI.name}
    assert marks == {
        (names[row["number"]], int(row["date"][-2:])): row["result"] + row["beside"] for row in table(said)
    }
    assert (marks[ZHANG.name, LATE.day], marks[LI.name, MISSED.day]) == ("迟", "缺")


def test_the_sums_are_those_of_the_rules() -> None:
    sheet = opened(village_book(village(), MONTH, NOW, seen=everybody))["示例村"]
    groups = [cell.value for cell in sheet[3]]
    late, missing, due = groups.index("迟到"), groups.index("缺卡"), groups.index("出勤")
    zhang, li, both = (sheet[number] for number in (5, 6, 7))
    assert [row[due].value for row in (zhang, li, both)] == [13, 13, 26]
    assert [(row[late].value, row[late + 1].value) for row in (zhang, li, both)] == [(1, 22), (0, 0), (1, 22)]
    assert [row[missing].value for row in (zhang, li, both)] == [0, 1, 1]
    assert "未定" not in groups


def test_a_sheet_prints_on_one_page_and_says_on_each_that_it_is_open() -> None:
    sheet = opened(village_book(village(), MONTH, NOW, seen=everybody))["示例村"]
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 1)
    assert (sheet.print_title_rows, sheet.freeze_panes) == ("$1:$4", "C5")
    assert sheet.print_area == f"'示例村'!$A$1:${sheet.dimensions.split(':')[1].rstrip('0123456789')}${sheet.max_row}"
    assert sheet["A1"].value == "示例镇示例村 2027年3月 考勤表（未定稿）"
    assert "可公示，未定稿" in sheet["A2"].value
    assert "制表" in sheet.cell(sheet.max_row, 1).value


def test_a_closed_month_is_written_as_it_was_signed(lived: LivedMonth) -> None:
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    closed = close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)
    # What comes afterwards changes no signed sheet.
    Person.objects.filter(pk=lived.zhang.pk).update(name="改示例")
    content = village_book(village(), MONTH, MAY_CLOSE + dt.timedelta(days=9), seen=everybody)
    sheet = opened(content)["示例村"]
    assert sheet["A1"].value == "示例镇示例村 2027年3月 考勤表"
    assert "状态：定稿" in sheet["A2"].value
    assert sheet["B5"].value == ZHANG.name
    assert bytes(closed.sha256).hex() in sheet.cell(sheet.max_row, 1).value
    assert "定稿" in sheet.oddFooter.left.text
    assert csv_of(month_of(village().identity, MONTH, MAY_CLOSE)) == bytes(closed.content)
    _, details = read_workbook(content)
    assert texts(details)[-1][0] == LI.number
    whole = opened(county_book(Region.objects.get(pk=COUNTY), MONTH, MAY_CLOSE))["汇总"]
    assert [cell.value for cell in whole[5]][:9] == [SHILI_VILLAGE, "示例村", "定稿", 2, 26, 26, 1, 22, 0]


def test_no_name_is_a_formula() -> None:
    evil = '=HYPERLINK("http://x","示例")'
    Person.objects.filter(number=ZHANG.number).update(name=evil)
    for content in (
        village_book(village(), MONTH, NOW, seen=everybody),
        township_book(Region.objects.get(pk=TOWNSHIP), MONTH, NOW, seen=everybody),
    ):
        cells = [cell for sheet in opened(content) for row in sheet.iter_rows() for cell in row if cell.value]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert f"'{evil}" in {cell.value for cell in cells}


def test_somebody_with_two_windows_a_day_has_a_line_for_each_part_of_it(lived: LivedMonth) -> None:
    afternoon = Terms("下午", [1, 2, 3, 4, 5], 14 * 60, 17 * 60, [lived.li.pk])
    add_window(village(), afternoon, since=MONDAY - dt.timedelta(days=1), actor=BY)
    lives_on(NOW)
    month = month_of(village().identity, MONTH, NOW)
    assert month.people[1].totals.due == 13
    sheet = opened(village_book(village(), MONTH, NOW, seen=everybody))["示例村"]
    assert [[cell.value for cell in row[:3]] for row in sheet["A5:C7"]] == [
        [1, ZHANG.name, "上午"],
        [2, LI.name, "上午"],
        [None, None, "下午"],
    ]
    assert sheet["C3"].value == "时段"
    assert "A6:A7" in {str(one) for one in sheet.merged_cells.ranges}


def test_a_township_and_a_county_add_up_their_villages_in_the_order_of_codes(county: FictionalCounty) -> None:
    zhao = county.add(ZHAO)
    add_station(county, YANSHI, YANSHI_VILLAGE)
    morning(zhao, village=YANSHI_VILLAGE)
    station = LivedStation(YANSHI)
    station.closed(at(APRIL, 7))
    station.send(at(APRIL, 7, 1))
    lives_on(NOW)
    book = opened(township_book(Region.objects.get(pk=TOWNSHIP), MONTH, NOW, seen=everybody))
    assert book.sheetnames == ["汇总", "示例村", "演示村"]
    rows = [[cell.value for cell in row] for row in book["汇总"].iter_rows(min_row=5)]
    assert [row[:4] for row in rows[:3]] == [
        [SHILI_VILLAGE, "示例村", "可公示", 2],
        [YANSHI_VILLAGE, "演示村", "可公示", 1],
        [TOWNSHIP, "示例镇 总计", None, 3],
    ]
    assert [row[4] for row in rows[:3]] == [26, 13, 39]
    whole = opened(county_book(Region.objects.get(pk=COUNTY), MONTH, NOW))["汇总"]
    assert [cell.value for cell in whole["B"][4:7]] == ["示例村", "演示村", "示例县 总计"]
    assert whole["E7"].value == 39


def test_who_is_of_elsewhere_has_windows_and_no_name(lived: LivedMonth) -> None:
    content = village_book(village(), MONTH, NOW, seen=lambda people: set(people) - {lived.li.pk})
    said = {str(cell.value) for sheet in opened(content) for row in sheet.iter_rows() for cell in row if cell.value}
    assert not {one for one in said if LI.name in one or one == LI.number}
    assert ELSEWHERE in said
    assert opened(content)["示例村"]["B6"].value == ELSEWHERE


def test_a_persons_month_has_a_row_for_each_window_and_its_reason(lived: LivedMonth) -> None:
    month = month_of(village().identity, MONTH, NOW)
    [sheet] = opened(person_book(ZHANG.name, ZHANG.number, [(month, month.people[0])], MONTH))
    assert sheet["A1"].value == f"{ZHANG.name} 2027年3月 考勤明细表（未定稿）"
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=4)}
    late = rows[LATE.isoformat()]
    assert [cell.value for cell in late[2:6]] == ["08:30", "示例村", "迟", 22]
    assert "8:52 到" in late[-1].value
    assert len([one for one in rows if isinstance(one, str) and one.startswith("2027-")]) == 13
    assert any("该到 13 天" in str(one) for one in rows)
    assert lived.zhang.pk == month.people[0].person


def test_days_are_shown_to_two_decimals_and_added_up_exactly() -> None:
    assert [shown(Fraction(1, 3)), shown(3 * Fraction(1, 3)), shown(Fraction(2, 3))] == [0.33, 1.0, 0.67]
