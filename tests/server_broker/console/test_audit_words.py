"""The page 审计 says in words what an entry's codes and ids stand for."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.audit.log import record
from server_broker.duty.windows import end_window
from server_broker.people.changes import change_person
from server_broker.people.models import HoldingState, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.twin.station_settings import choose
from tests.cast import AUDITOR, SHILI_VILLAGE, TOWNSHIP, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, window

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"


@pytest.fixture
def auditor(county: FictionalCounty) -> Client:
    return signed_in(AUDITOR)


def shown(auditor: Client, action: str) -> str:
    return auditor.get("/audit/", {"q": action}).content.decode().split("<tbody>")[1]


def test_a_move_says_from_where_to_where(county: FictionalCounty, auditor: Client) -> None:
    yanshi = Region.objects.get(pk=YANSHI_VILLAGE)
    change_person(
        county.people[ZHANG], since=timezone.localdate(), village=yanshi, name="张改", actor=BY, reason="调动"
    )
    row = shown(auditor, "person.changed")
    for words in (
        f"原村</span> 示例村 {SHILI_VILLAGE}",
        f"村</span> 演示村 {YANSHI_VILLAGE}",
        "改动</span> 姓名、村、镇",
    ):
        assert words in row
    assert "village_id" not in row


def test_windows_units_and_posts_are_named(county: FictionalCounty, auditor: Client) -> None:
    today = timezone.localdate()
    end_window(window(SHILI_VILLAGE, "上午", [county.people[ZHANG]]), last=today, actor=BY, reason="不再坐班")
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    holding = give_post(county.people[ZHANG], office, "文书", since=today, actor=BY, reason="任命文件")
    change_holding(holding, HoldingState.SECONDED, since=today, actor=BY, reason="借调到县")
    assert "示例村 上午" in shown(auditor, "window.ended")
    assert '<span class="mono">示例镇政府</span>' in shown(auditor, "unit.made")
    row = shown(auditor, "post.changed")
    assert "示例镇政府 文书" in row
    assert f"状态</span> {HoldingState.SECONDED.label}" in row


def test_times_settings_and_codes_are_in_the_page_s_own_words(county: FictionalCounty, auditor: Client) -> None:
    long_ago = dt.datetime(2024, 11, 28, 23, 55, 26, 842068, tzinfo=dt.UTC)
    record(BY, "card.lost", "a1", {"card": county.cards[ZHANG].pk, "since": long_ago.isoformat(), "reason": "丢了"})
    record(BY, "region.merged", SHILI_VILLAGE, {"code": SHILI_VILLAGE, "since": "2026-11-29"})
    choose(Region.objects.get(pk=TOWNSHIP), "number_sign_in", "yes", actor=BY, now=timezone.now())
    lost = shown(auditor, "card.lost")
    assert "自</span> 2024-11-29 07:55" in lost
    assert "卡</span> 尾号 0a1b" in lost
    merged = shown(auditor, "region.merged")
    assert f"代码</span> {SHILI_VILLAGE}" in merged
    assert "告警" not in merged
    setting = shown(auditor, "setting.chosen")
    assert "改为</span> 是" in setting
    assert "number_sign_in" not in setting
