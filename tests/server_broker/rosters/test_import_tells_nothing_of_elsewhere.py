"""A township's import is told what is wrong in the own township, and of another one no more than that it is another."""

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from protocol.cards import card_token
from server_broker import trust
from server_broker.people.changes import change_person
from server_broker.people.models import Card, Person
from server_broker.rosters.roster_import import import_people
from tests.cast import SHILI, SHILI_VILLAGE, TOWNSHIP, WANG, YANGBAN, YANGBAN_VILLAGE, YANSHI_VILLAGE
from tests.server_broker.county import make_county, window
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db
UID = "04a1b2c3d4e5f6"
ELSEWHERE = "不在您的管辖范围内"


@pytest.fixture(autouse=True)
def _county() -> None:
    """Of the other township: b1 with a card and a duty window, and an enrolled station."""
    trust.prepare(settings.HOME)
    county = make_county()
    key = trust.county_keys(settings.HOME).card_key
    now = timezone.now() - dt.timedelta(days=1)
    Card.objects.create(token=card_token(key, UID), tail=UID[-4:], person=county.people[WANG], bound_at=now)
    window(YANGBAN_VILLAGE, "秘密值守", [county.people[WANG]])


def told(*, scope: str | None = TOWNSHIP, **sheets: list[tuple[Any, ...]]) -> list[str]:
    return [str(error) for error in import_people(book(sheets), scope=scope).errors]


def test_a_person_of_elsewhere_names_no_window_of_theirs() -> None:
    assert told(人员=[("b1", "谁", SHILI_VILLAGE)]) == [f"人员 第 2 行：{ELSEWHERE}"]
    assert told(scope=None, 人员=[("b1", "王样板", SHILI_VILLAGE)]) == [
        "人员 第 2 行：还在原来村的值班“秘密值守”里，请先改值班"
    ]


def test_a_station_of_elsewhere_is_not_said_to_be_enrolled() -> None:
    assert told(站点=[(YANGBAN, "x", SHILI_VILLAGE)]) == [f"站点 第 2 行：{ELSEWHERE}"]
    assert told(站点=[(SHILI, "示例村站", YANSHI_VILLAGE)]) == ["站点 第 2 行：站点 shili-01 已接入，不能改到别的村"]


def test_a_number_of_elsewhere_is_told_like_one_that_is_nobodys() -> None:
    for number in ("b1", "zz9"):
        nobody = f"您的管辖范围内没有编号为 {number} 的人员"
        assert told(值班=[(SHILI_VILLAGE, "早", "1", "08:00", "09:00", number)]) == [f"值班 第 2 行：{nobody}"]
        assert told(卡=[("04AABBCCDDEE77", number)]) == [f"卡 第 2 行：{nobody}"]
    assert told(scope=None, 卡=[("04AABBCCDDEE77", "zz9")]) == ["卡 第 2 行：没有编号为 zz9 的人员"]


def test_a_former_number_of_elsewhere_is_refused_without_a_name() -> None:
    wang = Person.objects.get(number="b1")
    change_person(wang, since=timezone.localdate(), number="b9", actor="service", reason="编号重排")
    assert told(人员=[("b1", "新人", SHILI_VILLAGE)]) == ["人员 第 2 行：编号 b1 是或曾是别人的，请换一个编号"]


def test_a_card_of_elsewhere_names_no_holder() -> None:
    assert told(卡=[(UID.upper(), "a1")]) == [f"卡 第 2 行：尾号 {UID[-4:]} 的卡已绑定给不在您管辖范围内的人员"]
    assert told(scope=None, 卡=[(UID.upper(), "a1")]) == [f"卡 第 2 行：尾号 {UID[-4:]} 的卡已绑定给编号 b1 的人员"]


def test_a_window_of_elsewhere_that_overlaps_is_not_named() -> None:
    """Windows name people of their own village alone, unless somebody's village was moved."""
    window(YANGBAN_VILLAGE, "别处值守", [Person.objects.get(number="a1")], start=480, end=540)
    assert told(值班=[(SHILI_VILLAGE, "早", "1", "08:00", "09:00", "a1")]) == [
        "值班 第 2 行：编号 a1 的人员与一个不在您管辖范围内的值班的时间重叠"
    ]
    assert told(人员=[("a1", "张示例", YANSHI_VILLAGE)]) == [
        "人员 第 2 行：还在一个不在您管辖范围内的值班里，请先改值班"
    ]
