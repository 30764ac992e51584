"""What stations get of who is on duty: dated turns, what is taken of them, the same bytes all week."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.codec import decode, encode
from protocol.duty_days import DutyDay, DutyDays, DutyLess, DutyPerson, DutyTerms
from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.bundles.drafts import Draft
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper
from server_broker.bundles.models import Bundle, StationIndex
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.marks import mark_changed
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.reading import Asked
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import ShelfDue, Station
from server_broker.fleet.shelf_changes import shelf_changed
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.twin.duty_content import dates_at, duty_days
from server_broker.twin.duty_source import duty_drafts
from server_broker.workdays.county_table import CountyWord, write_days
from server_broker.workdays.notices import set_notice
from tests.cast import LI, SHILI, SHILI_VILLAGE, WANG, YANGBAN, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
MONDAY = dt.date(2027, 9, 27)
"""The week before 国庆, whose Friday is the 1st of October."""
FRIDAY, SATURDAY = MONDAY + 4 * DAY, MONDAY + 5 * DAY
NOON = begin_of(MONDAY) + dt.timedelta(hours=12)


@pytest.fixture
def village(county: FictionalCounty) -> Region:
    Station.objects.update(enrolled_at=NOON)
    dates = [MONDAY + number * DAY for number in range(-9, 45)]
    words = {day: CountyWord(day.isoweekday() < 6) for day in dates}
    holiday = {FRIDAY: CountyWord(False, "国庆节"), SATURDAY: CountyWord(True, "国庆节调休")}
    write_days(words | holiday, actor=BY)
    return Region.objects.get(pk=SHILI_VILLAGE)


@pytest.fixture
def people(county: FictionalCounty) -> dict[str, Person]:
    return {cadre.number: county.people[cadre] for cadre in (ZHANG, LI, WANG)}


@pytest.fixture
def morning(village: Region, people: dict[str, Person]) -> DutyWindow:
    own = [people["a1"].pk, people["a2"].pk]
    terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, own, leaders=[people["a2"].pk], marks="ends")
    return add_window(village, terms, since=MONDAY, actor=BY)


def days(village: Region, first: dt.date = MONDAY, last: dt.date = MONDAY + 6 * DAY) -> DutyDays:
    return decode(encode(duty_days([village.identity], Asked(first, last))[village.identity]), DutyDays)


def test_a_week_of_one_window(morning: DutyWindow, village: Region) -> None:
    found = days(village)
    assert found.first == "2027-09-27"
    assert found.people == [DutyPerson(id="a2"), DutyPerson(id="a1")], "who leads comes first"
    assert found.windows == [DutyTerms(id=str(morning.pk), name="上午", start=480, end=720, marks="ends")]
    assert [(crew.window, crew.people, crew.leaders) for crew in found.crews] == [(0, [0, 1], [0])]
    assert [day.crews for day in found.days] == [[0], [0], [0], [0], [], [0], []]
    assert [(day.calendar, day.name) for day in found.days[3:]] == [
        ("", ""),
        ("off", "国庆节"),
        ("swapped", "国庆节调休"),
        ("", ""),
    ]
    assert not any(day.provisional for day in found.days)
    assert days(village, MONDAY + 60 * DAY, MONDAY + 60 * DAY).days[0].provisional


def test_what_is_taken_from_a_window_is_said_with_what_is_left(
    morning: DutyWindow, village: Region, people: dict[str, Person]
) -> None:
    eleven = begin_of(MONDAY) + dt.timedelta(hours=11)
    set_notice(village, Period(eleven, end_of(MONDAY)), "防汛", actor=BY)
    set_notice(village, Period(begin_of(MONDAY + DAY), end_of(MONDAY + DAY)), "停电", actor=BY)
    absence = Absence.objects.create(person=people["a1"], kind="field_duty")
    put(AbsenceRecord, [absence.pk], Period(begin_of(MONDAY), eleven - dt.timedelta(hours=1)), {}, actor=BY)
    swap = Swap.objects.create(window=morning, day=MONDAY + 2 * DAY, giver=people["a2"], taker=people["b1"])
    when = Period(begin_of(MONDAY + 2 * DAY), end_of(MONDAY + 2 * DAY))
    put(SwapRecord, [swap.pk], when, {"agreed_at": begin_of(MONDAY).isoformat()}, actor=BY)
    found = days(village)
    assert found.people[2] == DutyPerson(id="b1", name="王样板", village="样板村")
    assert found.days[:3] == [
        DutyDay(
            crews=[0],
            less=[
                DutyLess(window=0, why="notice", begin=480, end=660, text="防汛"),
                DutyLess(window=0, person=1, why="field_duty", begin=600, end=660),
            ],
        ),
        DutyDay(less=[DutyLess(window=0, why="notice", text="停电")]),
        DutyDay(crews=[1], less=[DutyLess(window=0, person=0, why="swapped", taker=2)]),
    ]
    assert (found.crews[1].people, found.crews[1].leaders) == ([2, 1], [2])


def test_who_gave_a_window_away_and_took_it_over_anew_is_told_twice(
    morning: DutyWindow, village: Region, people: dict[str, Person]
) -> None:
    when = Period(begin_of(MONDAY), end_of(MONDAY))
    for minute, (giver, taker) in enumerate((("a1", "b1"), ("a2", "a1"))):
        swap = Swap.objects.create(window=morning, day=MONDAY, giver=people[giver], taker=people[taker])
        agreed = begin_of(MONDAY) + dt.timedelta(minutes=minute)
        put(SwapRecord, [swap.pk], when, {"agreed_at": agreed.isoformat()}, actor=BY)
    found = days(village)
    number = [person.id for person in found.people]
    swapped = [
        (number[less.person], number[less.taker])
        for less in found.days[0].less
        if less.person is not None and less.taker is not None
    ]
    assert sorted(swapped) == [("a1", "b1"), ("a2", "a1")]


def test_a_window_elsewhere_of_somebody_who_is_in_one_here(
    morning: DutyWindow, village: Region, people: dict[str, Person]
) -> None:
    there = Region.objects.get(pk=YANGBAN_VILLAGE)
    both = [people["a1"].pk, people["b1"].pk]
    night = add_window(there, Terms("夜班", [1, 2, 3, 4, 5], 1200, 1920, both), since=MONDAY, actor=BY)
    found = days(village)
    assert found.windows[1] == DutyTerms(id=str(night.pk), name="夜班", start=1200, end=1920, elsewhere=True)
    assert [found.crews[place].people for place in found.days[0].crews] == [[0, 1], [1]], "and nobody else of it"
    assert [(terms.id, terms.elsewhere) for terms in days(there).windows] == [
        (str(morning.pk), True),
        (str(night.pk), False),
    ]


def test_the_dates_are_the_same_all_week_and_reach_35_days_ahead(morning: DutyWindow) -> None:
    for number in range(7):
        first, last = dates_at(MONDAY + number * DAY)
        assert first == MONDAY - 7 * DAY
        assert last - (MONDAY + number * DAY) >= 35 * DAY
    stations = list(Station.objects.filter(pk=SHILI))
    monday, sunday = (duty_drafts(stations, NOON + number * DAY)[SHILI] for number in (0, 6))
    assert monday == sunday
    assert monday != duty_drafts(stations, NOON + 7 * DAY)[SHILI]


def test_the_number_of_queries_does_not_grow_with_villages_or_dates(
    morning: DutyWindow, village: Region, people: dict[str, Person]
) -> None:
    with CaptureQueriesContext(connection) as few:
        duty_days([village.identity], Asked(MONDAY, MONDAY))
    there = Region.objects.get(pk=YANGBAN_VILLAGE)
    terms = Terms("赶集", [], 900, 960, [], days=DaysKind.NAMED)
    market = add_window(there, terms, since=MONDAY, actor=BY)
    crew = Crew(frozenset({people["b1"].pk, people["a1"].pk}))
    name_days(market, {MONDAY + number * DAY: crew for number in (5, 12)}, actor=BY)
    identities = list(Region.objects.values_list("identity", flat=True))
    with CaptureQueriesContext(connection) as many:
        duty_days(identities, Asked(MONDAY, MONDAY + 48 * DAY))
    assert len(many) == len(few)


def test_a_change_reaches_the_shelf_of_the_village_alone(
    morning: DutyWindow, village: Region, people: dict[str, Person], tmp_path: Path
) -> None:
    (tmp_path / "bundles").mkdir()
    keeper = IndexKeeper(
        folder=BundleFolder(tmp_path / "bundles"), sources=(), sources_of_many=[duty_drafts], markers=[mark_changed]
    )
    keeper.go_on(NOON)
    assert set(Bundle.objects.values_list("bundle", "kind", "access", "author")) == {
        (f"duty-{pk}", "duty", "station", "") for pk in Station.objects.values_list("pk", flat=True)
    }
    before = dict(StationIndex.objects.values_list("station", "version"))
    name_days(morning, {MONDAY + DAY: Crew(frozenset({people["a1"].pk}))}, actor=BY)
    assert keeper.go_on(NOON) == 1
    changed = dict(StationIndex.objects.order_by("version").values_list("station", "version"))
    assert changed == before | {SHILI: before[SHILI] + 1}
    assert changed[YANGBAN] == before[YANGBAN]


def test_who_marks_after_the_reading_ahead_is_computed_anew(
    morning: DutyWindow, village: Region, people: dict[str, Person], tmp_path: Path
) -> None:
    (tmp_path / "bundles").mkdir()
    asked: list[int] = []

    def source(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
        drafts = duty_drafts(stations, now)
        if not asked:
            # Somebody changes the roster right after it was read for all of them.
            name_days(morning, {MONDAY + DAY: Crew(frozenset({people["a1"].pk}))}, actor=BY)
            shelf_changed([SHILI], at=now)
        asked.append(len(stations))
        return drafts

    keeper = IndexKeeper(folder=BundleFolder(tmp_path / "bundles"), sources=(), sources_of_many=[source])
    keeper.go_on(NOON)
    assert not ShelfDue.objects.exists()
    assert asked == [2, 1]
    kept = Bundle.objects.get(bundle=f"duty-{SHILI}")
    assert kept.version == 1
