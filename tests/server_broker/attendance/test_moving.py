"""Who moves to another village is out of the windows of the one they left, and the preview says so."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.as_of import due_under
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.region_changes import split_region
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.decisions.models import DecidedRow
from server_broker.regions.models import Region
from tests.cast import LI, OPERATOR, SHILI_VILLAGE, YANGBAN_VILLAGE, YANSHI_VILLAGE, ZHANG
from tests.server_broker.console.test_dated_pages import ask, confirm, day, text
from tests.server_broker.county import FictionalCounty, signed_in, window

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]


def due(village: str, offset: int) -> dict[str, tuple[int, ...]]:
    at = begin_of(timezone.localdate() + dt.timedelta(days=offset))
    return {one.window.name: one.people for one in due_under(village, AsOf(at))}


def test_moving_ends_one_s_part_in_the_windows_of_the_old_village(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    both = window(SHILI_VILLAGE, "上午", [zhang, li])
    alone = window(SHILI_VILLAGE, "晚班", [zhang], start=1080, end=1200)
    window(YANGBAN_VILLAGE, "下午", [zhang], start=780, end=900)
    page, address = signed_in(OPERATOR), f"/people/{zhang.pk}/change/"
    shown = ask(page, address, act="change", day=day(2), village=YANSHI_VILLAGE)
    assert "示例村 上午 周一二三四五" in shown
    assert "样板村 下午" not in shown, "who helps out elsewhere goes on doing so"
    assert "已记录" in confirm(page, address, shown)
    assert due(SHILI_VILLAGE, 1) == {"上午": (zhang.pk, li.pk), "晚班": (zhang.pk,)}
    assert due(SHILI_VILLAGE, 2) == {"上午": (li.pk,)}
    assert due(YANGBAN_VILLAGE, 2) == {"下午": (zhang.pk,)}
    decided = DecidedRow.objects.filter(table="attendance_dutywindow").values_list("row", flat=True)
    assert set(decided) >= {str(both.pk), str(alone.pk)}, "the county's stream vouches for both"


def test_who_goes_along_to_a_new_village_is_out_of_the_old_one_s_windows(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    window(SHILI_VILLAGE, "上午", [zhang, li])
    split_region(
        Region.objects.get(pk=SHILI_VILLAGE),
        "990101001009",
        "新示例村",
        since=timezone.localdate(),
        people=[zhang.pk],
        stations=[],
        actor="service",
        reason="分村",
    )
    assert due(SHILI_VILLAGE, 0) == {"上午": (li.pk,)}
    assert due("990101001009", 0) == {}


def test_a_window_s_page_offers_who_is_in_it_and_lives_elsewhere(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    made = window(YANSHI_VILLAGE, "上午", [zhang])
    page, address = signed_in(OPERATOR), f"/windows/{made.pk}/"
    shown = text(page.get(address))
    assert f'value="{zhang.pk}" checked> 张示例（a1，示例村）' in shown
    assert f'value="{li.pk}"' not in shown
    values = {"act": "change", "day": day(), "name": "早班", "weekdays": "1-5", "start": "08:00", "end": "11:00"}
    change = f"{address}change/"
    assert "已记录" in confirm(page, change, ask(page, change, **values, people=[zhang.pk]))
    assert list(DutyWindow.objects.get().people.all()) == [zhang]
