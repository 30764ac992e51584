"""A change marks the stations of those villages whose turns it may change, and no others."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.marks import mark_changed
from server_broker.duty.models import Absence, AbsenceRecord, RosterChange
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, end_window
from server_broker.fleet.models import ShelfDue, Station
from server_broker.people.models import HoldingState, Person, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from tests.cast import (
    LI,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    WANG,
    YANGBAN,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.station_double import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"


def today() -> dt.date:
    """Return the day on which a test's people were entered. A run of all tests may last past midnight."""
    return timezone.localdate()


def tomorrow() -> dt.date:
    return today() + dt.timedelta(days=1)


def marked() -> set[str]:
    """Return whom the changes since the last time mark."""
    ShelfDue.objects.all().delete()
    mark_changed(NOW)
    assert not RosterChange.objects.exists()
    return set(ShelfDue.objects.values_list("station", flat=True))


@pytest.fixture
def people(county: FictionalCounty) -> dict[str, Person]:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    county.add(ZHAO)
    Station.objects.update(enrolled_at=NOW)
    mark_changed(NOW)
    return {cadre.number: county.people[cadre] for cadre in (ZHANG, LI, ZHAO, WANG)}


@pytest.fixture
def morning(people: dict[str, Person]) -> DutyWindow:
    village = Region.objects.get(pk=SHILI_VILLAGE)
    made = add_window(village, Terms("上午", [1, 2, 3, 4, 5], 480, 720, [people["a1"].pk]), since=today(), actor=BY)
    marked()
    return made


def away(person: Person) -> None:
    absence = Absence.objects.create(person=person, kind="leave")
    put(AbsenceRecord, [absence.pk], Period(begin_of(tomorrow()), end_of(tomorrow())), {"code": "sick"}, actor=BY)


def swapped(window: DutyWindow, giver: Person, taker: Person) -> None:
    swap = Swap.objects.create(window=window, day=tomorrow(), giver=giver, taker=taker)
    agreed = {"agreed_at": begin_of(today()).isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(tomorrow()), end_of(tomorrow())), agreed, actor=BY)


@pytest.mark.parametrize(
    "change",
    [
        lambda window, people: end_window(window, last=tomorrow(), actor=BY, reason="停"),
        lambda window, people: name_days(window, {tomorrow(): Crew(frozenset({people["a2"].pk}))}, actor=BY),
        lambda window, people: swapped(window, people["a1"], people["a2"]),
        lambda window, people: away(people["a1"]),
        lambda window, people: Person.objects.filter(pk=people["a1"].pk).update(name="张改名"),
    ],
    ids=["window", "named day", "swap", "absence", "person"],
)
def test_a_change_of_one_village_marks_its_station_alone(
    change: Callable[[DutyWindow, dict[str, Person]], object], morning: DutyWindow, people: dict[str, Person]
) -> None:
    change(morning, people)
    assert marked() == {SHILI}
    assert marked() == set()


def test_whoever_is_in_no_window_marks_nothing(morning: DutyWindow, people: dict[str, Person]) -> None:
    away(people["b1"])
    away(people["a2"])
    assert marked() == set()


@pytest.mark.parametrize(("days", "stations"), [(-10, set()), (1, {YANSHI})])
def test_dates_that_stations_are_told_nothing_of_mark_nothing(
    people: dict[str, Person], days: int, stations: set[str]
) -> None:
    there = Region.objects.get(pk=YANSHI_VILLAGE)
    evening = add_window(there, Terms("晚班", [], 1140, 1320, [], days=DaysKind.NAMED), since=today(), actor=BY)
    day = timezone.localdate(NOW) + dt.timedelta(days=days)
    put(RosterDay, [evening.pk], Period(begin_of(day), end_of(day)), {"people": [people["a2"].pk]}, actor=BY)
    marked()
    away(people["a2"])
    assert marked() == stations


def test_a_post_marks_the_villages_whose_windows_are_for_it_and_those_of_its_holder(people: dict[str, Person]) -> None:
    """The holder is of another village, and is in a window of a third one by name: the two may be at one time."""
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    holding = give_post(people["a1"], office, "驻村干部", since=today(), actor=BY)
    yangban = Region.objects.get(pk=YANGBAN_VILLAGE)
    add_window(yangban, Terms("上午", [1, 2, 3, 4, 5], 480, 720, [], [holding.post_id]), since=today(), actor=BY)
    assert marked() == {YANGBAN}
    shili = Region.objects.get(pk=SHILI_VILLAGE)
    add_window(shili, Terms("夜班", [6], 1200, 1260, [people["a1"].pk]), since=today(), actor=BY)
    assert marked() == {SHILI, YANGBAN}
    change_holding(holding, HoldingState.ENDED, since=tomorrow(), actor=BY, reason="卸任")
    assert marked() == {SHILI, YANGBAN}
    give_post(people["a3"], office, "驻村干部", since=tomorrow(), actor=BY)
    assert YANSHI not in marked()


def test_the_number_of_queries_does_not_grow(morning: DutyWindow, people: dict[str, Person]) -> None:
    name_days(morning, {tomorrow(): Crew(frozenset({people["a2"].pk}))}, actor=BY)
    with CaptureQueriesContext(connection) as few:
        mark_changed(NOW)
    terms = Terms("周六", [6], 480, 720, [people["b1"].pk])
    add_window(Region.objects.get(pk=YANGBAN_VILLAGE), terms, since=today(), actor=BY)
    for person in people.values():
        away(person)
    with CaptureQueriesContext(connection) as many:
        mark_changed(NOW)
    assert len(many) <= len(few) + 1
