"""A station's page says when a new machine was taken in and the one before can't connect any more."""

import pytest
from django.utils import timezone

from server_broker.enrolment.boards import replaced_at
from server_broker.enrolment.claims import make_claim
from server_broker.fleet.models import Station
from tests.cast import OPERATOR, SHILI
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.enrolment.kit import Kit
from tests.server_broker.enrolment.taking_in import home
from tests.server_broker.pages import text_of

__all__ = ["home"]

pytestmark = pytest.mark.django_db

SAID = "接入了新机器"


@pytest.fixture
def station(db: None) -> Station:
    make_county()
    return Station.objects.get(pk=SHILI)


def take_in(station: Station, kit: Kit, *, asks: int = 1) -> None:
    code = make_claim(station, actor="operator", now=timezone.now())
    for _ in range(asks):
        assert kit.enrol(code).status_code == 200


def test_a_new_machine_is_an_event_of_its_station(station: Station) -> None:
    take_in(station, Kit())
    assert SAID not in text_of(signed_in(OPERATOR), f"/stations/{SHILI}/")
    take_in(station, Kit())
    page = text_of(signed_in(OPERATOR), f"/stations/{SHILI}/")
    assert page.count(SAID) == 1
    assert "不能再连" in page


def test_each_new_machine_is_told_with_its_time_the_newest_first(station: Station) -> None:
    began = timezone.now()
    for _ in range(3):
        take_in(station, Kit())
    newest, older = replaced_at(station)
    assert began < older < newest < timezone.now()


def test_a_board_that_asks_again_or_is_set_up_anew_replaces_none(station: Station) -> None:
    kit = Kit()
    take_in(station, kit, asks=2)
    take_in(station, kit)
    assert replaced_at(station) == []
    take_in(station, Kit(), asks=2)
    assert len(replaced_at(station)) == 1


def test_other_decisions_and_other_stations_say_nothing(station: Station) -> None:
    other = Station.objects.exclude(pk=SHILI).first()
    assert other is not None
    for one in (other, station, other):
        take_in(one, Kit())
    assert replaced_at(station) == []
