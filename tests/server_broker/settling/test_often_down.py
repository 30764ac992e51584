"""Three dates on which the people of a village could not touch raise an alarm of its station."""

import datetime as dt

import pytest

from server_broker.fleet.alarm_codes import OFTEN_DOWN
from server_broker.fleet.models import Alarm, Station
from server_broker.people.models import Person
from server_broker.settling.often_down import warn_often_down
from tests.cast import SHILI, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.settling.lived import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


def alarms() -> list[tuple[str, str]]:
    rows = Alarm.objects.filter(code=OFTEN_DOWN, resolved_at=None)
    return list(rows.values_list("station", "detail"))


def stopped(person: Person, *days: int, start: int = 510) -> None:
    for day in days:
        settled_row(person, dt.date(2026, 3, day), "停", start=start)


def test_two_dates_raise_none_and_two_windows_of_a_date_are_one(zhang: Person) -> None:
    stopped(zhang, 3, 5)
    stopped(zhang, 5, start=840)
    settled_row(zhang, dt.date(2026, 2, 27), "停")
    assert warn_often_down(at(dt.date(2026, 3, 6), 20)) == 0
    assert alarms() == []


def test_the_third_date_raises_one_that_names_them_and_a_fourth_is_added(zhang: Person) -> None:
    stopped(zhang, 3, 5, 9)
    assert warn_often_down(at(dt.date(2026, 3, 9), 20)) == 1
    assert alarms() == [(SHILI, "3月3日、3月5日、3月9日有班因为站点停用打不了卡")]
    stopped(zhang, 10)
    warn_often_down(at(dt.date(2026, 3, 10), 20))
    assert alarms() == [(SHILI, "3月3日、3月5日、3月9日、3月10日有班因为站点停用打不了卡")]


def test_it_is_over_a_week_after_the_month(zhang: Person) -> None:
    stopped(zhang, 3, 5, 31)
    warn_often_down(at(dt.date(2026, 4, 7), 20))
    assert len(alarms()) == 1
    warn_often_down(at(dt.date(2026, 4, 8), 20))
    assert alarms() == []


def test_a_station_that_was_revoked_has_none(zhang: Person) -> None:
    stopped(zhang, 3, 5, 9)
    Station.objects.filter(pk=SHILI).update(revoked_at=at(dt.date(2026, 3, 9), 8))
    assert warn_often_down(at(dt.date(2026, 3, 9), 20)) == 0
