"""What 导出现有名单 gives can be imported again as it is, and changes nothing."""

import io

import openpyxl
import pytest
from django.utils import timezone

from server_broker.attendance.leaving import leave
from server_broker.attendance.models import DaysKind
from server_broker.attendance.region_changes import merge_region
from server_broker.people.changes import register
from server_broker.people.models import Person, PersonType
from server_broker.regions.models import Region
from server_broker.rosters.roster_export import export_people
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


def test_windows_of_a_season_stay_and_named_days_are_not_in_a_file(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    for name, season in (("夏", (501, 930)), ("冬", (1001, 430))):
        made = window(SHILI_VILLAGE, name, [zhang])
        made.season_from, made.season_to = season
        made.save()
    market = window(SHILI_VILLAGE, "赶集", [zhang], start=900, end=960)
    market.days, market.weekdays = DaysKind.NAMED, []
    market.save()
    assert again(COUNTY).errors == ()
    assert again(COUNTY).changes == ()
    rows = [(SHILI_VILLAGE, "赶集", "1-5", "15:00", "16:00", ZHANG.number)]
    (error,) = import_people(book({"值班": rows}), scope=COUNTY, actor=BY).errors
    assert "按日期排的值班" in error.message
    rows = [(SHILI_VILLAGE, "新", "1-5", "11:00", "15:00", ZHANG.number)]
    assert "重叠" in import_people(book({"值班": rows}), scope=COUNTY, actor=BY).errors[0].message
