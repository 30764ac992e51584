"""``cunhui-server verify county`` finds a PIN that nobody set at a station, or that came back after a reset."""

import datetime as dt

import pytest
from django.utils import timezone

from protocol.codec import encode
from protocol.facts import PinSet
from protocol.pins import PinVerifier
from protocol.units import Moment
from server_broker.fleet.models import Station
from server_broker.manifest.county_check import check_county
from server_broker.people.cards import report_lost
from server_broker.pins.models import PersonPin
from server_broker.pins.voiding import reset_pin
from tests.cast import SHILI, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, make_county
from tests.server_broker.manifest.streams import store_stream

pytestmark = pytest.mark.django_db

VERIFIER = PinVerifier(salt=bytes(range(16)), digest=bytes(range(32)), log2_n=14, r=8, p=1)


@pytest.fixture
def county() -> FictionalCounty:
    """A county in which Zhang has set a PIN at a station, an hour ago."""
    made = make_county()
    report_lost(made.cards[WANG], actor="officer")
    wall = round((timezone.now() - dt.timedelta(hours=1)).timestamp() * 1000)
    at = Moment(wall=wall, boot=bytes(16), mono=1, quality="synced")
    told = PinSet(at=at, person=made.people[ZHANG].number, verifier=VERIFIER)
    store_stream(Station.objects.get(pk=SHILI), 1, what=told)
    PersonPin.objects.create(person=made.people[ZHANG], verifier=encode(VERIFIER), set_at=timezone.now())
    return made


def sentences() -> list[str]:
    return [problem.sentence() for problem in check_county().problems]


def test_a_pin_that_its_person_set_is_good(county: FictionalCounty) -> None:
    assert sentences() == []


def test_a_pin_that_nobody_set_is_named(county: FictionalCounty) -> None:
    PersonPin.objects.update(verifier=encode(PinVerifier(salt=bytes(16), digest=bytes(32), log2_n=14, r=8, p=1)))
    assert [s for s in sentences() if "没有本人在站点设过这个密码的记录" in s]


def test_another_person_s_pin_is_named(county: FictionalCounty) -> None:
    PersonPin.objects.create(person=county.people[WANG], verifier=encode(VERIFIER), set_at=timezone.now())
    assert [s for s in sentences() if f"密码 {county.people[WANG].pk}" in s]


def test_a_pin_that_is_put_back_after_a_reset_is_named(county: FictionalCounty) -> None:
    reset_pin(county.people[ZHANG], actor="officer", reason="忘了", at=timezone.now())
    assert sentences() == []
    PersonPin.objects.update(verifier=encode(VERIFIER), voided_at=None)
    assert [s for s in sentences() if "重置以后又出现" in s]
