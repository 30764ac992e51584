"""What 导出现有名单 gives can be imported again as it is, and changes nothing."""

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from server_broker.attendance.leaving import leave
from server_broker.attendance.models import DaysKind, DutyWindow, Marks
from server_broker.attendance.region_changes import merge_region
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.changes import register
from server_broker.people.models import Person, PersonType, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.roster_export import export_people, template
from server_broker.rosters.roster_import import ImportResult, import_people
from tests.cast import (
    COUNTY,
    LI,
    SHILI_VILLAGE,
    TOWNSHIP,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, window
from tests.server_broker.rosters.workbooks import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "service"


def again(scope: str) -> ImportResult:
    return import_people(export_people(scope), scope=scope, actor=BY)


def test_an_export_with_everything_that_may_happen_is_no_change(county: FictionalCounty) -> None:
    today = timezone.localdate()
    window(YANGBAN_VILLAGE, "下午", [county.people[ZHANG], county.people[WANG]], start=780, end=900)
    window(YANGBAN_VILLAGE, "晚班", [county.people[LI]], start=1080, end=1200)
    only_posts = window(YANGBAN_VILLAGE, "按职务", [], start=300, end=400)
    only_posts.posts = [1]
    only_posts.save()
    register("t1", "唐示例", Region.objects.get(pk=TOWNSHIP), actor=BY, type=PersonType.OFFICIAL)
    Person.objects.create(number="g1", name="走示例", village_id=SHILI_VILLAGE, left=True)
    leave(county.people[LI], last=today, actor=BY, reason="换届离任")
    merge_region(
        Region.objects.get(pk=YANSHI_VILLAGE),
        Region.objects.get(pk=SHILI_VILLAGE),
        since=today,
        actor=BY,
        reason="并村",
    )
    result = again(COUNTY)
    assert result.errors == ()
    assert result.changes == ()
    assert set(result.counts) >= {"区划", "人员", "值班"}
    listed = openpyxl.load_workbook(io.BytesIO(export_people(COUNTY)))["区划"]
    assert YANSHI_VILLAGE not in [row[0].value for row in listed.iter_rows()]


def test_a_window_keeps_the_name_that_was_typed_and_is_found_by_either_form_of_its_signs(
    county: FictionalCounty,
) -> None:
    def row(name: str, start: str) -> bytes:
        heads = {"值班": ("村代码", "名称", "星期", "开始", "结束", "人员编号")}
        people = county.people[LI].number
        return book({"值班": [(SHILI_VILLAGE, name, "一", start, "20:00", people)]}, heads=heads)

    assert import_people(row("值守：晚（一）", "18:00"), actor=BY).ok
    assert import_people(row("值守:晚(一)", "18:30"), actor=BY).ok
    kept = DutyWindow.objects.get(village=SHILI_VILLAGE, name__startswith="值守")
    assert (kept.name, kept.start) == ("值守：晚（一）", 18 * 60 + 30)
    terms = Terms("值守:晚(一)", [2], 60, 120, [county.people[ZHANG].pk])
    with pytest.raises(WindowRefused, match="已有值班"):
        add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=timezone.localdate(), actor=BY)


def test_a_township_s_export_too(county: FictionalCounty) -> None:
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG], county.people[WANG]])
    result = again(TOWNSHIP)
    assert (result.errors, result.changes) == ((), ())


def test_who_lives_elsewhere_stays_and_does_not_come(county: FictionalCounty) -> None:
    window(SHILI_VILLAGE, "上午", [county.people[WANG]])
    duty = (SHILI_VILLAGE, "上午", "1-5", "08:00")
    moved = import_people(book({"值班": [(*duty, "12:30", "b1")]}), scope=TOWNSHIP, actor=BY)
    assert moved.errors == ()
    other = import_people(
        book({"值班": [(SHILI_VILLAGE, "夜里", "1-5", "20:00", "21:00", "b1")]}), scope=TOWNSHIP, actor=BY
    )
    assert [str(error) for error in other.errors] == ["值班 第 2 行：您的管辖范围内没有编号为 b1 的人员"]


def test_a_list_brings_nobody_to_a_township_s_office(county: FictionalCounty) -> None:
    """Who is known there may stay. For anybody else a township's code is most often a slip."""
    register("t1", "唐示例", Region.objects.get(pk=TOWNSHIP), actor=BY, type=PersonType.OFFICIAL)
    rows = [("t1", "唐示例", TOWNSHIP), ("n1", "新示例", TOWNSHIP), (ZHANG.number, ZHANG.name, TOWNSHIP)]
    refused = import_people(book({"人员": rows}), scope=COUNTY, actor=BY)
    said = "“村代码”是县或镇的代码，这里要填村的代码"
    assert [str(error) for error in refused.errors] == [f"人员 第 {row} 行：{said}" for row in (3, 4)]
    assert Person.objects.get(number=ZHANG.number).village_id == SHILI_VILLAGE
    assert not Person.objects.filter(number="n1").exists()


@pytest.fixture
def seasons(county: FictionalCounty) -> DutyWindow:
    """Zhang has a window in summer and one in winter at the same hours, and one of named days, which is returned."""
    zhang = county.people[ZHANG]
    for name, season in (("夏", (501, 930)), ("冬", (1001, 430))):
        made = window(SHILI_VILLAGE, name, [zhang])
        made.season_from, made.season_to = season
        made.marks, made.leaders = Marks.ENDS, [zhang.pk]
        made.save()
    market = window(SHILI_VILLAGE, "赶集", [zhang], start=900, end=960)
    market.days, market.weekdays = DaysKind.NAMED, []
    market.save()
    return market


def of_windows(*rows: tuple[str, ...], columns: tuple[str, ...] = ()) -> list[str]:
    heads = ("村代码", "名称", "星期", "开始", "结束", "人员编号", *columns)
    done = import_people(book({"值班": rows}, heads={"值班": heads}), scope=COUNTY, actor=BY)
    return [str(error) for error in done.errors]


def test_seasons_marks_leaders_and_named_days_go_out_and_in(seasons: DutyWindow) -> None:
    before = list(DutyWindow.ever.order_by("pk").values())
    data = export_people(COUNTY)
    assert again(COUNTY).errors == ()
    assert again(COUNTY).changes == ()
    others = {"season_from": 0, "season_to": 0, "marks": Marks.EACH, "leaders": []}
    DutyWindow.objects.filter(name="夏").update(**others, start=1, end=2)
    assert import_people(data, scope=COUNTY, actor=BY).errors == ()
    assert list(DutyWindow.ever.order_by("pk").values()) == before


def test_what_a_file_has_no_column_for_stays(seasons: DutyWindow) -> None:
    assert of_windows((SHILI_VILLAGE, "夏", "1-5", "08:00", "11:00", ZHANG.number)) == []
    made = DutyWindow.objects.get(name="夏")
    assert (made.end, made.season_from, made.season_to, made.marks) == (660, 501, 930, Marks.ENDS)
    assert made.leaders == [made.people.get().pk]
    (told,) = of_windows((SHILI_VILLAGE, "赶集", "1-5", "15:00", "16:00", ZHANG.number))
    assert "请在“日子”一列写明" in told


def test_a_file_without_the_column_of_days_leaves_a_window_of_named_days_as_one(seasons: DutyWindow) -> None:
    assert of_windows((SHILI_VILLAGE, "赶集", "", "15:00", "17:00", ZHANG.number)) == []
    made = DutyWindow.objects.get(name="赶集")
    assert (made.end, made.days, made.weekdays, made.people.get().number) == (1020, "named", [], ZHANG.number)
    for name in ("夏", "新"):
        told = of_windows((SHILI_VILLAGE, name, "", "08:00", "11:00", ZHANG.number))
        assert told == ["值班 第 2 行：“星期”为空"]


def test_posts_and_kinds_which_no_sheet_has_stay(seasons: DutyWindow, county: FictionalCounty) -> None:
    unit = make_unit("示例村两委", UnitKind.COMMITTEE, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    post = give_post(county.people[LI], unit, "书记", since=timezone.localdate(), actor=BY).post_id
    DutyWindow.objects.filter(name="夏").update(posts=[post], leader_posts=[post])
    Person.objects.filter(number=ZHANG.number).update(type=PersonType.OFFICIAL)
    sheets: dict[str, list[tuple[Any, ...]]] = {
        "人员": [(ZHANG.number, "张改名", SHILI_VILLAGE)],
        "值班": [(SHILI_VILLAGE, "夏", "1-5", "08:00", "11:00", ZHANG.number)],
    }
    assert import_people(book(sheets), scope=COUNTY, actor=BY, renames=None).errors == ()
    made, zhang = DutyWindow.objects.get(name="夏"), Person.objects.get(number=ZHANG.number)
    assert (made.end, made.posts, made.leader_posts) == (660, [post], [post])
    assert (zhang.name, zhang.type, zhang.left) == ("张改名", PersonType.OFFICIAL, False)


def test_an_empty_cell_says_none_where_the_notes_say_so(seasons: DutyWindow) -> None:
    columns = ("日子", "季节", "打卡", "带班")
    assert of_windows((SHILI_VILLAGE, "夏", "1-5", "05:00", "06:00", ZHANG.number, *[""] * 4), columns=columns) == []
    made = DutyWindow.objects.get(name="夏")
    assert (made.season_from, made.marks, made.leaders) == (0, Marks.EACH, [])
    assert of_windows((SHILI_VILLAGE, "赶集", "", "15:00", "17:00", "", "指定日期"), columns=("日子",)) == []
    assert not DutyWindow.objects.get(name="赶集").people.exists()
    notes = " ".join(str(cell.value) for cell in openpyxl.load_workbook(io.BytesIO(template()))["说明"]["A"])
    assert "有这一列而空着，就是按星期、全年、上下班都打卡、没有带班" in notes
    assert "指定日期的，人员编号空着就是没有固定的人" in notes
    assert of_windows((SHILI_VILLAGE, "夏", "1-5", "05:00", "06:00", "")) == ["值班 第 2 行：“人员编号”为空"]


WRONG = (
    (("每天", "", "", ""), "只能填 按星期 或 指定日期"),
    (("", "五月到九月", "", ""), "05-01 至 09-30"),
    (("", "02-30 至 09-30", "", ""), "05-01 至 09-30"),
    (("指定日期", "05-01 至 09-30", "", ""), "不填“季节”"),
    (("", "", "不打", ""), "上下班都打卡"),
    (("", "", "", "zz9"), "不在这一行的人员编号里"),
)


def test_a_term_that_is_wrong_is_said_by_row(seasons: DutyWindow) -> None:
    rows = [
        (SHILI_VILLAGE, f"新{n}", "1-5", "18:00", "19:00", ZHANG.number, *cells) for n, (cells, _) in enumerate(WRONG)
    ]
    # Rows whose times and people can be read overlap besides.
    told = [one for one in of_windows(*rows, columns=("日子", "季节", "打卡", "带班")) if "重叠" not in one]
    assert len(told) == len(WRONG)
    for number, (one, (_, said)) in enumerate(zip(told, WRONG, strict=True), start=2):
        assert one.startswith(f"值班 第 {number} 行")
        assert said in one


def test_overlaps_are_found_season_by_season(seasons: DutyWindow) -> None:
    """The pair of which one lasts into the other may never meet, because their seasons are apart; another pair does."""
    times = ("1-5", "11:00", "15:00", ZHANG.number)
    assert "重叠" in of_windows((SHILI_VILLAGE, "新", *times))[0]
    autumn, season = (SHILI_VILLAGE, "秋", *times, "09-29 至 09-30"), ("季节",)
    assert [one.rpartition("与")[2] for one in of_windows(autumn, columns=season)] == ["“夏”的时间重叠"]
    DutyWindow.objects.filter(name="夏").update(start=720, end=1440 + 60)
    winter = (SHILI_VILLAGE, "早", "1-5", "00:30", "02:00", ZHANG.number, "10-01 至 10-02")
    assert [one.rpartition("与")[2] for one in of_windows(winter, columns=season)] == ["“夏”的时间重叠"]
    assert of_windows((*winter[:6], "10-03 至 10-04"), columns=season) == []


def test_a_weekly_window_that_meets_a_named_day_is_refused(seasons: DutyWindow, county: FictionalCounty) -> None:
    li = county.people[LI]
    name_days(seasons, {dt.date(2027, 3, 15): Crew(frozenset({li.pk}))}, actor=BY)
    (told,) = of_windows((SHILI_VILLAGE, "新", "1-5", "15:30", "15:45", LI.number))
    assert told == f"值班 第 2 行：{LI.name} 在 2027-03-15 的值班“新”与“赶集”时间重叠"
    assert not DutyWindow.ever.filter(name="新").exists()
