"""The page that asks for confirmation says what the change brings besides, and truly whether it can be undone."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.attendance.region_changes import merge_region
from server_broker.people.models import UnitKind
from server_broker.people.posts import make_unit
from server_broker.regions.models import Region
from tests.cast import COUNTY_OFFICER, LI, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP, YANSHI_VILLAGE, ZHANG
from tests.server_broker.console.test_dated_pages import ask, confirm, day, text
from tests.server_broker.county import FictionalCounty, signed_in, touch, window

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

CHANGE = f"/regions/{SHILI_VILLAGE}/change/"
NEW = "990101001009"


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


def test_a_split_shows_the_new_village_and_who_goes(county: FictionalCounty, page: Client) -> None:
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG], county.people[LI]])
    values = {"act": "split", "day": day(), "code": NEW, "name": "示例新村"}
    assert "没有编号为 a9 的人员" in ask(page, CHANGE, **values, people="a1、a9")
    shown = ask(page, CHANGE, **values, people="a1、 a2")
    for words in (
        f"分出 示例新村（{NEW}），带走 2 人",
        f"区划：示例新村 {NEW}",
        "人员：示例新村 张示例 a1",
        "人员：示例新村 李示例 a2",
        "上午 周一二三四五 08:00–12:00：张示例、李示例",
        f"分村不能撤回：代码 {NEW} 以后不能给别的村",
    ):
        assert words in shown
    assert "可以再改回来" not in shown
    assert "（没有）" not in shown
    assert "已记录" in confirm(page, CHANGE, shown)
    assert Region.objects.get(pk=NEW).people.count() == 2


def test_a_village_of_one_name_is_warned_of(page: Client) -> None:
    warned = "示例镇 已经有一个“演示村”"
    assert warned in ask(page, CHANGE, act="rename", day=day(), name="演示村")
    assert warned in ask(page, CHANGE, act="split", day=day(), code=NEW, name="演示村", people="a1")
    assert "已经有一个" not in ask(page, CHANGE, act="rename", day=day(), name="样板村")
    assert "已经有一个" not in ask(page, CHANGE, act="rename", day=day(), name="示例村")


def test_what_can_t_be_taken_back_is_said(county: FictionalCounty, page: Client) -> None:
    unit = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor="service")
    person = f"/people/{county.people[ZHANG].pk}/change/"
    for address, values, words in (
        (CHANGE, {"act": "merge", "into": YANSHI_VILLAGE}, f"代码 {SHILI_VILLAGE} 不能再用"),
        (person, {"act": "leave"}, "可以在本人页面办“回来”"),
        (person, {"act": "since", "day": day(-9)}, "在册日期只能改早"),
        (f"/units/{unit.pk}/end/", {}, "撤销以后不能恢复"),
    ):
        shown = ask(page, address, **({"day": day()} | values))
        assert words in shown
        assert "可以再改回来" not in shown


def test_a_merged_village_gets_no_notice(page: Client) -> None:
    shili, yanshi = (Region.objects.get(pk=code) for code in (SHILI_VILLAGE, YANSHI_VILLAGE))
    merge_region(shili, yanshi, since=timezone.localdate(), actor="service", reason="并村")
    shown = text(signed_in(COUNTY_OFFICER).get("/published/notice/"))
    assert f'value="{YANSHI_VILLAGE}"' in shown
    assert f'value="{SHILI_VILLAGE}"' not in shown


def test_a_window_that_changes_today_says_which_touches_it_has(county: FictionalCounty, page: Client) -> None:
    made = window(SHILI_VILLAGE, "全天", [county.people[ZHANG]], start=0, end=1439)
    made.weekdays = [1, 2, 3, 4, 5, 6, 7]
    made.save()
    touch(county.stations[SHILI], ZHANG.token)
    touch(county.stations[SHILI], LI.token)
    address = f"/windows/{made.pk}/change/"
    values = {"act": "change", "name": "全天", "weekdays": "1-7", "start": "00:00", "end": "23:58"}
    people = [county.people[ZHANG].pk]
    assert "今天已有 1 次打卡在这个值班里" in ask(page, address, **values, day=day(), people=people)
    assert "次打卡在这个值班里" not in ask(page, address, **values, day=day(1), people=people)
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now() - dt.timedelta(days=1))
    assert "今天已有 1 次打卡在这个值班里" in ask(page, address, **values, day=day(), people=people)
