"""排班表 of clerks go in and out: in whatever of their forms, whole or not at all, and all that is wrong at once."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, Swap, SwapRecord
from server_broker.attendance.region_changes import merge_region
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person, Post, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.month_export import export_month, export_region
from server_broker.rosters.month_import import MONTH_IMPORT
from server_broker.rosters.month_rows import MONTH_BOOK, MonthPlan, letters_of
from server_broker.sheets.changes import Changes
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.importing import ImportRefused, preview, take
from server_broker.sheets.reading_rows import read_plan
from tests.cast import LI, SHILI_VILLAGE, TOWNSHIP, WANG, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty
from tests.server_broker.rosters.workbooks import saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
MONTH = dt.date(2027, 3, 1)
SUNDAY = dt.date(2027, 3, 14)
DAY = dt.timedelta(days=1)


@pytest.fixture
def night(county: FictionalCounty) -> DutyWindow:
    """A window of named days in 示例村 beside one by the week, which is Zhang's."""
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    add_window(village, Terms("上午", [1, 2, 3, 4, 5], 480, 720, [county.people[ZHANG].pk]), since=today, actor=BY)
    return add_window(village, Terms("晚班", [], 690, 1320, [], days=DaysKind.NAMED), since=today, actor=BY)


def workbook(rows: Sequence[Sequence[Any]], title: str = "Sheet1") -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    sheet = made.create_sheet(title)
    for row in rows:
        sheet.append(row)
    return saved(made)


def read(data: bytes, *, scope: str = TOWNSHIP, village: str = "", month: str = "") -> MonthPlan:
    plan = read_plan(MONTH_BOOK, read_sheets(data), choice=month)
    plan.scope, plan.village = scope, village
    return plan


def taken(data: bytes, **chosen: str) -> Changes:
    plan = read(data, **chosen)
    shown = preview(MONTH_IMPORT, plan, scope=plan.scope)
    take(MONTH_IMPORT, plan, scope=plan.scope, actor=BY, shown=shown.digest(), renames_confirmed=True)
    return shown


def refused(data: bytes, **chosen: str) -> list[str]:
    plan = read(data, **chosen)
    with pytest.raises(ImportRefused) as refusal:
        preview(MONTH_IMPORT, plan, scope=plan.scope)
    return [str(error) for error in refusal.value.errors]


def said(window: DutyWindow) -> dict[int, tuple[list[int], list[int]]]:
    rows = RosterDay.objects.known().filter(subject=window, withdrawn=False).order_by("valid_from")
    return {timezone.localdate(row.valid_from).day: (row.people, row.leaders) for row in rows if row.valid_from}


DOWN = [
    ["示例村2027年3月排班表"],
    ["日期", "星期", "晚班值班人员", "带班领导", "备注"],
    ["3月13日", "六", "张 示例", "李示例"],
    ["3月14日", "日", "李示例（带班）、张示例"],
]
TWO_ROWS = [
    ["示例村 值班安排（2027年3月）"],
    ["日期", "星期", "晚班", None, "备注"],
    [None, None, "值班人员", "带班领导"],
    [13, "六", "张示例", "李示例"],
    ["14日", "日", "张示例", "李示例", "年级大扫除"],
    ["注：值班电话见公示栏"],
]
ACROSS = [
    ["示例村二〇二七年三月"],
    ["班次", "", *range(11, 16)],
    [None, None, *"四五六日一"],
    ["晚班", "值班人员", None, None, "张示例", "张示例"],
    [None, "带班领导", None, None, "李示例", "李示例"],
    ["制表：示例丙"],
]
SHIFTS = [
    ["村", "日期", "班次", "值班人员", "带班领导"],
    ["示例村", dt.date(2027, 3, 13), "晚班", "张示例", "李示例"],
    [None, dt.datetime(2027, 3, 14), "晚班 11:30-22:00", "张示例"],  # noqa: DTZ001 - as Excel keeps a date
    [None, None, None, None, "李示例"],
]


@pytest.mark.parametrize(
    ("rows", "month"),
    [(DOWN, ""), (TWO_ROWS, ""), (ACROSS, "2027-03"), (SHIFTS, "")],
    ids=["down", "two", "across", "shifts"],
)
def test_a_clerks_table_goes_in_at_the_first_try(
    night: DutyWindow, county: FictionalCounty, rows: list[list[Any]], month: str
) -> None:
    zhang, li = (county.people[one].pk for one in (ZHANG, LI))
    shown = taken(workbook(rows), month=month)
    assert said(night) == dict.fromkeys((13, 14), (sorted([zhang, li]), [li]))
    assert [change.key for change in shown.changed] == [f"示例村 2027-03-{day} 晚班" for day in (13, 14)]
    assert taken(workbook(rows), month=month).changed == ()


def test_nobody_is_named_for_a_window_that_rests_that_day(night: DutyWindow, county: FictionalCounty) -> None:
    rows = [["示例村2027年3月排班表"], ["日期", "上午"], ["3月12日", "李示例"], ["3月14日", "李示例"]]
    assert refused(workbook(rows)) == [
        "Sheet1 第 4 行：2027-03-14：这天这个值班休息或者没有；放假的日子请用“只在指定日期”的值班"
    ]
    assert not RosterDay.objects.exists()
    taken(workbook(rows[:3]))
    assert list(said(DutyWindow.objects.get(name="上午"))) == [12]


def test_a_sheet_beside_says_who_is_due_by_week_by_name_and_by_swap(night: DutyWindow, county: FictionalCounty) -> None:
    zhang, li = (county.people[one] for one in (ZHANG, LI))
    name_days(night, {SUNDAY: Crew(frozenset({zhang.pk}), leaders=frozenset({zhang.pk}))}, actor=BY)
    swap = Swap.objects.create(window=night, day=SUNDAY, giver=zhang, taker=li)
    agreed = {"agreed_at": timezone.now().isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(SUNDAY), end_of(SUNDAY)), agreed, actor=BY)
    village = Region.objects.get(pk=SHILI_VILLAGE)
    file = export_month(village, MONTH, scope=TOWNSHIP)
    rows = [*openpyxl.load_workbook(io.BytesIO(file))["谁该到岗"].values]
    assert rows[0] == ("日期", "星期", "值班", "谁该到岗")
    assert ("2027-03-14", "日", "晚班", f"{LI.name}（带班、替{ZHANG.name}）") in rows
    assert ("2027-03-12", "五", "上午", ZHANG.name) in rows
    assert taken(file).changed == ()


def test_what_is_there_goes_out_and_in_again_unchanged(night: DutyWindow, county: FictionalCounty) -> None:
    village = Region.objects.get(pk=SHILI_VILLAGE)
    unit = make_unit("示例村委会", UnitKind.COMMITTEE, village, actor=BY)
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    for one in (unit, branch):
        give_post(county.people[LI], one, "副职", since=timezone.localdate(), actor=BY)
    Person.objects.create(number="a77", name=ZHANG.name, village=village)
    zhang, li, wang = (county.people[one].pk for one in (ZHANG, LI, WANG))
    post = Post.objects.get(unit=unit).pk
    crews = {
        SUNDAY: Crew(frozenset({zhang, li, wang}), leaders=frozenset({li})),
        SUNDAY - DAY: Crew(frozenset({li}), frozenset({post}), frozenset({li}), frozenset({post})),
    }
    name_days(night, crews, actor=BY)
    name_days(DutyWindow.objects.get(name="上午"), {SUNDAY + DAY: Crew(frozenset({li}))}, actor=BY)
    before = list(RosterDay.objects.known().values())
    for data in (export_month(village, MONTH, scope=TOWNSHIP), export_region(TOWNSHIP, MONTH)):
        assert WANG.name not in str(read(data).cells)
        assert taken(data).changed == ()
    assert list(RosterDay.objects.known().values()) == before
    assert f"{ZHANG.name}(a1)" in str(read(export_month(village, MONTH, scope=TOWNSHIP)).cells)


def test_an_empty_cell_changes_nothing_and_the_word_for_nobody_takes_back(
    night: DutyWindow, county: FictionalCounty
) -> None:
    li = county.people[LI].pk
    name_days(night, {SUNDAY + n * DAY: Crew(frozenset({li})) for n in (-1, 0)}, actor=BY)
    taken(workbook([["示例村 2027年3月"], ["日期", "晚班"], [13, None], [14, "无"]]))
    assert said(night) == {13: ([li], [])}


def test_all_that_is_wrong_is_said_at_once_by_row(night: DutyWindow, county: FictionalCounty) -> None:
    rows: list[list[Any]] = [
        ["示例村2027年3月"],
        ["日期", "晚班", "夜班"],
        ["3月32日", "张示例"],
        ["3月13日", "王不在"],
        ["3月14日", "11010119900307643X"],
        ["3月15日", "张示例"],
        ["3月16日", None, "李示例"],
    ]
    told = refused(workbook(rows))
    assert any("第 3 行" in one and "没有" in one for one in told)
    assert any("第 5 行" in one and "身份证" in one and "11010" not in one for one in told)
    told = refused(workbook([*rows[:2], rows[3], rows[6]]))
    assert told == [
        "Sheet1 第 3 行：B 列，2027-03-13：示例村没有叫“王不在”的人或职务",
        "Sheet1 第 4 行：C 列，2027-03-16：示例村没有值班“夜班”；有：上午、晚班",
    ]
    assert refused(workbook([*rows[:2], ["3月13日", "李示例"], rows[5]])) == [
        f"Sheet1 第 4 行：{ZHANG.name} 在 2027-03-15 的值班“上午”与“晚班”时间重叠"
    ]
    assert said(night) == {}


def test_a_misspelt_name_is_refused_with_its_row_its_column_and_the_nearest_names(
    night: DutyWindow, county: FictionalCounty
) -> None:
    for number, name in (("a77", "李丽"), ("a78", "李丽"), ("a79", "王莉")):
        Person.objects.create(number=number, name=name, village_id=SHILI_VILLAGE)
    down: list[list[Any]] = [
        ["示例村2027年3月"],
        ["日期", "晚班", "带班领导"],
        [13, "张试例、李示列"],
        [14, "张示例", "李莉"],
        [15, "张试例"],
    ]
    assert refused(workbook(down)) == [
        "Sheet1 第 3 行：B 列，2027-03-13：示例村没有叫“张试例”的人或职务，名字相近的有：张示例；"
        "示例村没有叫“李示列”的人或职务，名字相近的有：李示例",
        "Sheet1 第 4 行：C 列，2027-03-14：示例村没有叫“李莉”的人或职务，名字相近的有：王莉、李丽(a77)、李丽(a78)",
        "Sheet1 第 5 行：B 列，2027-03-15：示例村没有叫“张试例”的人或职务，名字相近的有：张示例",
    ]
    across: list[list[Any]] = [["示例村2027年3月"], ["", *range(11, 16)], ["晚班", None, None, None, "张试例"]]
    (told,) = refused(workbook(across))
    assert told.startswith("Sheet1 第 3 行：E 列，2027-03-14：示例村没有叫“张试例”")
    terms = Terms("晚班", [], 690, 1320, [], days=DaysKind.NAMED)
    add_window(Region.objects.get(pk=YANSHI_VILLAGE), terms, since=timezone.localdate(), actor=BY)
    only: list[list[Any]] = [["演示村2027年3月"], ["日期", "人员"], [13, "张试例"], [14, "张试例"]]
    assert [told[:14] for told in refused(workbook(only))] == ["Sheet1 第 3 行：B", "Sheet1 第 4 行：B"]
    assert said(night) == {}


def test_names_dates_rest_days_and_overlaps_are_told_together(night: DutyWindow, county: FictionalCounty) -> None:
    rows: list[list[Any]] = [
        ["示例村2027年3月"],
        ["日期", "晚班", "上午"],
        ["32日", "李示例"],
        [13, "张试例"],
        [14, "李示例", "李示例"],
        [15, "张示例"],
        [16, "张示例", "李试例"],
        [17, "李示例", "李示例"],
    ]
    assert refused(workbook(rows)) == [
        "Sheet1 第 3 行：“日期”：2027 年 3 月没有 32 日",
        "Sheet1 第 4 行：B 列，2027-03-13：示例村没有叫“张试例”的人或职务，名字相近的有：张示例",
        "Sheet1 第 5 行：2027-03-14：这天这个值班休息或者没有；放假的日子请用“只在指定日期”的值班",
        f"Sheet1 第 6 行：{ZHANG.name} 在 2027-03-15 的值班“上午”与“晚班”时间重叠",
        # Zhang is in 上午 too until somebody says who else it is.
        "Sheet1 第 7 行：C 列，2027-03-16：示例村没有叫“李试例”的人或职务，名字相近的有：李示例",
        f"Sheet1 第 8 行：{LI.name} 在 2027-03-17 的值班“上午”与“晚班”时间重叠",
    ]
    assert said(night) == {}


def test_no_name_is_left_out_unsaid(night: DutyWindow, county: FictionalCounty) -> None:
    head = [["示例村2027年3月"], ["日期", "晚班"]]
    (told,) = refused(workbook([*head, [None, "张示例"], [14, "李示例"]]))
    assert told == "Sheet1 第 3 行：没有“日期”，看不出是哪天的班"
    beside = read(workbook([*head, [14, "李示例", "张示例"]]))
    assert beside.notes == ["Sheet1 这些列不导入：C 列（没有标题）"]
    across = read(workbook([["示例村2027年3月"], ["", *range(11, 16)], ["晚班", None, "李示例", *"   ", "张示例"]]))
    assert across.notes == ["Sheet1 这些列不导入：G 列（没有标题）"]


def test_a_column_is_named_as_excel_does() -> None:
    assert [letters_of(place) for place in (0, 25, 26, 51, 701, 702)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA"]


def test_two_of_one_name_are_told_apart_by_their_numbers(night: DutyWindow, county: FictionalCounty) -> None:
    other = Person.objects.create(number="a77", name=ZHANG.name, village_id=SHILI_VILLAGE)
    rows: list[list[Any]] = [["示例村2027年3月"], ["日期", "晚班"], [14, ZHANG.name]]
    assert "请写明编号或单位" in refused(workbook(rows))[0]
    taken(workbook([*rows[:2], [14, f"{ZHANG.name}（a77）"]]))
    assert said(night) == {14: ([other.pk], [])}


UNCLEAR: list[tuple[list[list[Any]], dict[str, str], str]] = [
    ([["日期", "晚班"], ["2027-03-14", "李示例"]], {}, "看不出是您管辖范围内的哪个村"),
    ([["示例村和演示村"], ["日期", "晚班"], ["2027-03-14", "李示例"]], {}, "不止一个村"),
    ([["样板村"], ["日期", "晚班"], ["2027-03-14", "李示例"]], {}, "看不出是您管辖范围内的哪个村"),
    ([["日期", "晚班"], ["2027-03-14", "李示例"]], {"village": "990101002001"}, "看不出是您管辖范围内的哪个村"),
    ([["示例村"], ["日期", "晚班"], ["2027-03-14", "李示例"]], {"village": YANSHI_VILLAGE}, "表上写的是示例村"),
    ([["示例村"], ["日期", "晚班"], ["14日", "李示例"]], {}, "没有写年月"),
    ([["示例村"], ["星期", "晚班"], ["一", "李示例"]], {}, "找不到表头"),
    ([["示例村 2027年3月"], ["日期", "人员"], [14, "李示例"]], {}, "看不出是哪个值班"),
    ([["示例村 2027年3月"], ["日期", "晚班"], [None, None]], {}, "没有可以导入的内容"),
]


def test_what_is_not_clear_is_asked_for(night: DutyWindow) -> None:
    for rows, chosen, said_so in UNCLEAR:
        (told,) = refused(workbook(rows), **chosen)
        assert said_so in told


def test_the_village_and_month_may_be_chosen(night: DutyWindow, county: FictionalCounty) -> None:
    taken(workbook([["日期", "晚班"], [14, "李示例"]]), village=SHILI_VILLAGE, month="2027-03")
    assert list(said(night)) == [14]


def test_a_merged_village_says_where_instead(night: DutyWindow, county: FictionalCounty) -> None:
    one, other = (Region.objects.get(pk=code) for code in (YANSHI_VILLAGE, SHILI_VILLAGE))
    merge_region(one, other, since=timezone.localdate(), actor=BY, reason="并村")
    (told,) = refused(workbook([["演示村2027年3月"], ["日期", "晚班"], [14, ZHAO.name]]))
    assert "演示村 已撤并到 示例村：请把班排在 示例村 的值班里" in told


def test_a_template_offers_the_people_of_the_village(night: DutyWindow) -> None:
    data = export_month(Region.objects.get(pk=SHILI_VILLAGE), MONTH, scope=TOWNSHIP, filled=False)
    made = openpyxl.load_workbook(io.BytesIO(data))
    sheet = made.worksheets[0]
    (offered,) = sheet.data_validations.dataValidation
    assert str(offered.sqref) == "C4:F34"
    assert {cell.value for cell in made["说明"]["C"]} >= {ZHANG.name, LI.name}
