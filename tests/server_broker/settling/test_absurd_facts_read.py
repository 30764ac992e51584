"""Whatever was taken of a station, all that reads it goes on: settling, pages, exceptions, learning and shelves."""

import datetime as dt
from random import Random

import pytest

from protocol.facts import MAX_BODY_BYTES
from server_broker.derived.walk import walk
from server_broker.exceptions.found import Look
from server_broker.exceptions.looking import look_at
from server_broker.fleet.models import Station
from server_broker.ledger.station_page import station_page
from server_broker.progress.rounds import Rounds
from server_broker.regions.models import Region
from server_broker.requests.station_cases import judge_again, judge_new
from server_broker.requests.taking_up import Turns, take_up
from server_broker.settling.models import Change, SettleDue, StationAside
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.supervisor.chores import shelf_sources, shelf_sources_of_many
from server_broker.today.reading import today
from tests.cast import LI, SHILI_VILLAGE, ZHANG
from tests.server_broker.absurd import Absurd
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.lived import FRIDAY, MONDAY, LivedStation, announced, at, morning, ms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)
NOW = at(FRIDAY, 18)


@pytest.fixture
def station(county: FictionalCounty) -> LivedStation:
    announced(MONDAY - 60 * DAY, 90)
    morning(county.people[ZHANG], county.people[LI])
    station = LivedStation()
    station.send(at(MONDAY, 6))
    mark_due(at(MONDAY, 7))
    settle_due(at(MONDAY, 7), rounds=1000)
    return station


@pytest.mark.parametrize("seed", range(2))
def test_all_goes_on(station: LivedStation, seed: int) -> None:
    absurd = Absurd(Random(seed), station, sampled=0.6, wall=ms(NOW))
    for number in range(3):
        bodies = [absurd.body() for _ in range(40)]
        for body in bodies:
            if len(body) <= MAX_BODY_BYTES:
                station.add_body(body)
        station.send(NOW + number * DAY)
        reads(NOW + number * DAY)


def reads(now: dt.datetime) -> None:
    mark_due(now)
    settle_due(now, rounds=1000)
    assert not StationAside.objects.exists()
    assert not SettleDue.objects.exists()
    assert not Change.objects.exists()
    villages = list(Region.objects.filter(code=SHILI_VILLAGE))
    for day in (now.date(), now.date() - DAY):
        assert today(villages, day, now)
    look_at(Look(now.date() - 10 * DAY, now.date(), now))
    Rounds().go_on(now)
    take_up(now, Turns())
    judge_new(now)
    judge_again(now)
    stations = list(Station.objects.all())
    for source in shelf_sources():
        for one in stations:
            source(one, now)
    for many in shelf_sources_of_many():
        many(stations, now)
    for one in stations:
        station_page(one)
        assert walk(one.id, now=now)[0] is None
