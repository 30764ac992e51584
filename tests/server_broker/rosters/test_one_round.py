"""A file is told in one round what stands in its way: cells that can't be read, rows that don't fit, and overlaps."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings

from server_broker import trust
from server_broker.attendance.models import DaysKind, DutyWindow
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.people.models import Person
from server_broker.rosters.roster_import import import_people
from tests.cast import COUNTY, LI, SHILI_VILLAGE, TOWNSHIP, WANG, YANGBAN_VILLAGE, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, window
from tests.server_broker.rosters.workbooks import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

type Sheets = dict[str, list[tuple[Any, ...]]]
SUNDAY = dt.date(2027, 3, 14)


@pytest.fixture(autouse=True)
def _keys(county: FictionalCounty) -> None:
    trust.prepare(settings.HOME)


def told(sheets: Sheets, *, scope: str = COUNTY, heads: Mapping[str, tuple[str, ...]] | None = None) -> list[str]:
    return [str(error) for error in import_people(book(sheets, heads=heads), scope=scope, renames=None).errors]


def duty(name: str, *people: str, start: str = "08:00", end: str = "10:00", days: str = "1-5") -> tuple[str, ...]:
    return (SHILI_VILLAGE, name, days, start, end, "，".join(people))


def test_cells_rows_and_overlaps_are_told_together(county: FictionalCounty) -> None:
    sheets: Sheets = {
        "人员": [("n1", "新一", SHILI_VILLAGE), ("n2", "新二", "不是代码"), ("n3", "新三", SHILI_VILLAGE)],
        "值班": [
            duty("早", ZHANG.number, "n1"),
            duty("晨", "n1", start="09:00", end="11:00"),
            duty("坏", "n3", days="没有"),
            duty("二", "n2", "zz9", ZHANG.number, start="09:30", end="09:50"),
        ],
    }
    assert told(sheets) == [
        "人员 第 3 行：“村代码”应为 12 位数字的统计用区划代码",
        "值班 第 2 行：编号 n1 的人员与“晨”的时间重叠",
        "值班 第 4 行：“星期”不认识，请写成 1-5 或 一、三、五",
        "值班 第 5 行：您的管辖范围内没有编号为 zz9 的人员",
        f"值班 第 5 行：编号 {ZHANG.number} 的人员与“早”的时间重叠",
    ]
    assert not Person.objects.filter(number__startswith="n").exists()


def test_a_row_that_is_wrong_brings_no_overlap(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    window(SHILI_VILLAGE, "上午", [zhang], start=480, end=600)
    # The row that would make room can't be read, one stands there twice, and one is a merged or unknown village's.
    wanted = duty("下午", ZHANG.number, start="09:00", end="11:00")
    assert told({"值班": [wanted, duty("上午", ZHANG.number, start="八点")]}) == [
        "值班 第 3 行：“开始”不是时间，请写成 08:30 的样子"
    ]
    moved = duty("上午", ZHANG.number, start="14:00", end="16:00")
    assert told({"值班": [wanted, moved, moved]}) == [f"值班 第 4 行：与第 3 行重复（{SHILI_VILLAGE} 上午）"]


def test_what_a_row_that_can_not_be_read_may_bring_is_not_missed(county: FictionalCounty) -> None:
    new = "990101001009"
    sheets: Sheets = {
        "区划": [(new, None)],
        "人员": [("n1", "新一", new), (ZHANG.number, None, YANSHI_VILLAGE)],
        "值班": [(YANSHI_VILLAGE, "早", "1-5", "08:00", "10:00", ZHANG.number)],
        "卡": [("04AABBCCDDEE77", "n1")],
    }
    assert told(sheets) == ["区划 第 2 行：“名称”为空", "人员 第 3 行：“姓名”为空"]
    # A sheet without one of its columns holds nobody that could be told from nobody at all.
    assert told({"人员": [("n1", "新一")], "值班": [duty("早", "n1")]}, heads={"人员": ("编号", "姓名")}) == [
        "人员 第 1 行：缺少列“村代码”"
    ]


def test_all_that_is_wrong_in_one_row_is_told(county: FictionalCounty) -> None:
    heads = {"值班": ("村代码", "名称", "星期", "开始", "结束", "人员编号", "日子", "季节", "带班")}
    row = (SHILI_VILLAGE, "赶集", "", "08:00", "08:00", ZHANG.number, "指定日期", "05-01 至 09-30", "zz9")
    assert told({"值班": [row]}, heads=heads) == [
        "值班 第 2 行：“带班”的 zz9 不在这一行的人员编号里",
        "值班 第 2 行：“开始”和“结束”相同",
        "值班 第 2 行：“日子”是指定日期的，不填“季节”",
    ]


def test_what_a_broken_row_says_of_others_is_told_with_it(county: FictionalCounty) -> None:
    nowhere, foreign = "990101009999", "990199009000"
    sheets: Sheets = {
        "区划": [(foreign, None)],
        "站点": [("大写A", "甲村", nowhere)],
        "单位": [(nowhere, "支部", "不认识")],
        "人员": [("n1", None, nowhere)],
        "卡": [("XYZ", "zz8"), ("XYZ", "n1")],
        "值班": [duty("夜", "zz9", WANG.number, "n1", days="没有"), (nowhere, "早", "没有", "8", "9", ZHANG.number)],
    }
    found = told(sheets)
    for words in (
        "区划 第 2 行：不在您的管辖范围内",
        f"站点 第 2 行：没有代码为 {nowhere} 的村",
        f"单位 第 2 行：没有代码为 {nowhere} 的区划",
        f"人员 第 2 行：没有代码为 {nowhere} 的村",
        "卡 第 2 行：您的管辖范围内没有编号为 zz8 的人员",
        "值班 第 2 行：您的管辖范围内没有编号为 zz9 的人员",
        f"值班 第 2 行：编号 {WANG.number} 的人员不在这个村",
        f"值班 第 3 行：没有代码为 {nowhere} 的村",
    ):
        assert words in found
    # Whoever stands in a row that can't be read is not said to be missing.
    assert not [words for words in found if "n1" in words]


def test_a_row_is_judged_by_time_although_its_leader_is_wrong(county: FictionalCounty) -> None:
    heads = {"值班": ("村代码", "名称", "星期", "开始", "结束", "人员编号", "打卡", "带班")}
    early = (*duty("早", ZHANG.number), "随便", "zz9")
    assert told({"值班": [early, duty("晨", ZHANG.number, start="09:00", end="11:00")]}, heads=heads) == [
        "值班 第 2 行：“带班”的 zz9 不在这一行的人员编号里",
        "值班 第 2 行：“打卡”不认识，只能填 上下班都打卡、一天打首尾两次、只打上班",
        f"值班 第 2 行：编号 {ZHANG.number} 的人员与“晨”的时间重叠",
    ]


def test_an_overlap_on_a_single_date_is_told_before_anybody_confirms(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    market = DutyWindow.objects.create(
        village_id=SHILI_VILLAGE, name="赶集", weekdays=[], days=DaysKind.NAMED, start=480, end=720
    )
    name_days(market, {SUNDAY + dt.timedelta(days=1): Crew(frozenset({zhang.pk, li.pk}))}, actor="service")
    sheets: Sheets = {"值班": [duty("早", ZHANG.number), duty("晨", "zz9"), duty("晚", LI.number, start="八点")]}
    shown = import_people(book(sheets), scope=COUNTY, dry_run=True)
    assert [str(error) for error in shown.errors] == [
        f"值班 第 2 行：{ZHANG.name} 在 2027-03-15 的值班“早”与“赶集”时间重叠",
        "值班 第 3 行：您的管辖范围内没有编号为 zz9 的人员",
        "值班 第 4 行：“开始”不是时间，请写成 08:30 的样子",
    ]
    assert not DutyWindow.ever.filter(name="早").exists()


def test_nothing_of_elsewhere_is_told_beside_other_errors(county: FictionalCounty) -> None:
    window(YANGBAN_VILLAGE, "秘密值守", [county.people[WANG]], start=480, end=600)
    for number in (WANG.number, "zz9"):
        early = duty("早", number, ZHANG.number)
        nobody = f"您的管辖范围内没有编号为 {number} 的人员"
        assert told({"值班": [early]}, scope=TOWNSHIP) == [f"值班 第 2 行：{nobody}"]
        unread: Sheets = {"人员": [(number, None, SHILI_VILLAGE)], "值班": [early], "卡": [("04AABBCCDDEE77", number)]}
        assert told(unread, scope=TOWNSHIP) == ["人员 第 2 行：“姓名”为空"]
    taken: Sheets = {"人员": [(WANG.number, "谁", SHILI_VILLAGE)], "值班": [duty("早", WANG.number)]}
    assert told(taken, scope=TOWNSHIP) == ["人员 第 2 行：不在您的管辖范围内"]
