"""The alarm of a lost card says whose card it is to whoever may know, and ends when the card is found."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.lost_cards import close_found
from server_broker.fleet.models import Alarm
from server_broker.people.models import Card
from tests.cast import COUNTY_OFFICER, GUARD, OTHER_TOWNSHIP_OFFICER, SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, alarm, make_county, signed_in, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> FictionalCounty:
    made = make_county()
    Card.objects.filter(token=ZHANG.token).update(lost_at=timezone.now() - dt.timedelta(hours=1))
    touch(made.stations[SHILI], ZHANG.token, answer="lost", direction="")
    alarm(made.stations[SHILI])
    return made


@pytest.mark.parametrize("path", ["/alarms/", f"/stations/{SHILI}/"])
def test_it_names_the_holder_to_whoever_sees_people(county: FictionalCounty, path: str) -> None:
    for account in (TOWNSHIP_OFFICER, COUNTY_OFFICER):
        assert f"这张卡是 {ZHANG.name}（{ZHANG.number}）的" in signed_in(account).get(path).content.decode()


def test_nobody_else_is_told(county: FictionalCounty) -> None:
    page = signed_in(GUARD).get("/alarms/").content.decode()
    assert "有人使用挂失卡" in page
    assert ZHANG.name not in page
    assert ZHANG.name not in signed_in(OTHER_TOWNSHIP_OFFICER).get("/alarms/").content.decode()


def test_it_ends_when_the_card_is_found(county: FictionalCounty) -> None:
    assert close_found(timezone.now()) == 0
    Card.objects.filter(token=ZHANG.token).update(lost_at=None)
    assert close_found(timezone.now()) == 1
    assert Alarm.objects.get().resolved_at is not None


def test_another_lost_card_keeps_it_open(county: FictionalCounty) -> None:
    other = Card.objects.exclude(token=ZHANG.token).first()
    assert other is not None
    Card.objects.filter(pk=other.pk).update(lost_at=timezone.now())
    touch(county.stations[SHILI], bytes(other.token), answer="lost", direction="")
    Card.objects.filter(token=ZHANG.token).update(lost_at=None)
    assert close_found(timezone.now()) == 0
