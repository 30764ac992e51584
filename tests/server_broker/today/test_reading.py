"""Who is here, read from the database: touches, leave, dark stations, and as many queries for a county as a village."""

import datetime as dt
import secrets
from collections.abc import Mapping

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.duty.rest import COVERING
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.models import Station, StationEvent, StationStatus, Stream
from server_broker.ingest.models import Fact
from server_broker.people.models import Person, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.today.reading import today
from server_broker.today.words import line_words
from server_broker.twin.station_settings import choose
from tests.cast import (
    COUNTY,
    LI,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    YANGBAN,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, add_station, touch
from tests.server_broker.today.morning import BY, MONDAY, announced, at, duty, lines, well_through

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


@pytest.fixture
def morning(zhang: Person) -> DutyWindow:
    well_through(at(9))
    announced()
    return duty(SHILI_VILLAGE, zhang)


def state(now: dt.datetime) -> tuple[str, str | None]:
    (line,) = lines(now)
    return line.state, line.cause


def happened(kind: str, when: dt.datetime, detail: Mapping[str, object] | None = None, **values: object) -> None:
    StationEvent.objects.create(
        **{
            "station_id": SHILI,
            "epoch": secrets.token_bytes(16),
            "seq": 1,
            "kind": kind,
            "wall": when,
            "quality": "synced",
            "boot": bytes(16),
            "mono_ms": 0,
            "received_at": when,
            "detail": detail or {},
        }
        | values
    )


def test_a_person_is_awaited_then_missing_then_here_then_gone(morning: DutyWindow, county: FictionalCounty) -> None:
    assert state(at(8, 10)) == ("not_yet", None)
    assert state(at(8, 11)) == ("missing", None)
    touch(county.stations[SHILI], ZHANG.token, at=at(8, 12))
    (line,) = lines(at(8, 13))
    assert (line.state, line.arrived and line.arrived.at) == ("here", at(8, 12))
    touch(county.stations[SHILI], ZHANG.token, at=at(12, 1), seq=2)
    (line,) = lines(at(12, 2))
    assert (line.state, line.departed and line.departed.at) == ("left", at(12, 1))


def test_nobody_is_missing_before_the_station_has_spoken(morning: DutyWindow) -> None:
    well_through(at(8, 10))
    assert state(at(8, 20)) == ("not_yet", "waits")
    well_through(at(8, 11))
    assert state(at(8, 20)) == ("missing", None)


def test_another_touch_shows_that_all_before_it_is_here(morning: DutyWindow, county: FictionalCounty) -> None:
    well_through(at(7))
    duty(SHILI_VILLAGE, county.people[LI], name="值守", start=500)
    touch(county.stations[SHILI], LI.token, at=at(8, 30))
    found = {line.turn.person: line.state for line in lines(at(8, 31))}
    assert found == {county.people[ZHANG].pk: "missing", county.people[LI].pk: "here"}
    StationStatus.objects.update(waiting=1)
    assert lines(at(8, 31))[0].state == "not_yet"


@pytest.mark.parametrize(
    ("dark", "cause"),
    [
        ({"online": False, "vitals_at": at(7)}, "silent"),
        ({"online": False, "vitals_at": at(9), "waiting": 2}, "silent"),
        ({"doubted_at": at(7), "vitals_at": at(7)}, "doubted"),
        ({"clock_quality": "restored", "vitals_at": None}, "clock"),
        ({"reader_ready": False}, "reader"),
        ({"waiting": 3}, "waits"),
    ],
)
def test_a_dark_station_makes_nobody_missing(morning: DutyWindow, dark: dict[str, object], cause: str) -> None:
    well_through(at(9), **dark)
    expected = "not_yet" if cause == "waits" else "unknown"
    assert state(at(9)) == (expected, cause)


def test_what_a_station_said_before_it_fell_silent_still_counts(morning: DutyWindow) -> None:
    well_through(at(9), online=False)
    assert state(at(11)) == ("missing", None)


def test_a_held_fact_of_that_day_could_be_the_touch(morning: DutyWindow) -> None:
    stream = Stream.objects.create(station_id=SHILI, epoch=bytes(16), head=bytes(32))
    held = Fact.objects.create(
        stream=stream, seq=1, kind="touch", digest=bytes(32), received_at=at(8, 5), held_reason="unknown_kind"
    )
    assert state(at(9)) == ("unknown", "held")
    Fact.objects.filter(pk=held.pk).update(received_at=at(8) - dt.timedelta(days=3))
    assert state(at(9)) == ("missing", None)


def test_lost_facts_could_be_the_touch(morning: DutyWindow) -> None:
    happened("facts_lost", at(8, 30))
    assert state(at(9)) == ("unknown", "lost")


def test_a_station_that_was_off_when_people_came_makes_nobody_missing(morning: DutyWindow) -> None:
    alive = {"last_alive": {"wall": round(at(7, 20).timestamp() * 1000), "quality": "synced"}}
    happened("booted", at(7, 31), alive)
    assert state(at(9)) == ("unknown", "down")
    StationEvent.objects.all().delete()
    happened("booted", at(7, 30), alive)
    assert state(at(9)) == ("missing", None)


def test_a_reader_that_was_gone_makes_nobody_missing(morning: DutyWindow) -> None:
    happened("reader_lost", at(8, 5), {"reader": "r"})
    happened("reader_back", at(8, 6), {"reader": "r"})
    assert state(at(9)) == ("unknown", "down")


def test_nobody_is_missing_on_a_provisional_date(county: FictionalCounty) -> None:
    well_through(at(9))
    duty(SHILI_VILLAGE, county.people[ZHANG])
    assert state(at(9)) == ("unknown", "provisional")


def test_whoever_was_due_in_time_is_missing_by_name_post_named_day_or_swap(county: FictionalCounty) -> None:
    well_through(at(9))
    announced()
    zhang, li, village = county.people[ZHANG], county.people[LI], Region.objects.get(pk=SHILI_VILLAGE)
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    post = give_post(zhang, branch, "书记", since=timezone.localdate(), actor=BY).post_id
    sunday = MONDAY - dt.timedelta(days=1)
    by_post = Terms("书记班", [1, 2, 3, 4, 5], 420, 460, [], [post])
    add_window(village, by_post, since=sunday, actor=BY)
    named = add_window(village, Terms("赶集", [], 465, 470, [], days=DaysKind.NAMED), since=sunday, actor=BY)
    name_days(named, {MONDAY: Crew(frozenset({zhang.pk}))}, actor=BY)
    swapped = duty(SHILI_VILLAGE, li)
    swap = Swap.objects.create(window=swapped, day=MONDAY, giver=li, taker=zhang)
    put(SwapRecord, [swap.pk], Period(at(0), at(24)), {"agreed_at": at(7).isoformat()}, actor=BY)
    found = {(line.turn.window.name, line.turn.person): line.state for line in lines(at(9))}
    assert found == {
        ("书记班", zhang.pk): "missing",
        ("赶集", zhang.pk): "missing",
        ("上午", zhang.pk): "missing",
        ("上午", li.pk): "off",
    }


def test_an_undated_touch_and_one_in_another_township_are_looked_at(
    morning: DutyWindow, county: FictionalCounty
) -> None:
    undated = touch(county.stations[SHILI], ZHANG.token, at=at(8), quality="unknown")
    assert state(at(9)) == ("unknown", "undated")
    undated.delete()
    touch(county.stations[YANGBAN], ZHANG.token, at=at(8))
    (line,) = lines(at(9))
    assert (line.state, line.cause, line.touch and line.touch.place) == ("unknown", "off_place", "样板村")


def test_a_touch_in_the_next_village_counts_and_says_where(morning: DutyWindow, county: FictionalCounty) -> None:
    there = add_station(county, YANSHI, YANSHI_VILLAGE)
    touch(there, ZHANG.token, at=at(8))
    (line,) = lines(at(9))
    assert (line.state, line.arrived and line.arrived.place) == ("here", "演示村")


def test_who_also_touches_at_a_dark_station_is_not_missing(morning: DutyWindow, county: FictionalCounty) -> None:
    there = add_station(county, YANSHI, YANSHI_VILLAGE, online=False)
    assert state(at(9)) == ("missing", None)
    touch(there, ZHANG.token, at=at(8) - dt.timedelta(days=20))
    assert state(at(9)) == ("unknown", "elsewhere")


def test_a_village_without_a_station_tells_nothing(county: FictionalCounty) -> None:
    announced()
    duty(YANSHI_VILLAGE, county.people[ZHANG])
    (line,) = lines(at(9), YANSHI_VILLAGE)
    assert (line.state, line.cause) == ("unknown", "no_station")


def test_a_station_that_was_set_up_since_tells_nothing_of_before_and_all_of_after(
    morning: DutyWindow, county: FictionalCounty
) -> None:
    duty(SHILI_VILLAGE, county.people[LI], name="下午", start=840, end=1080)
    well_through(at(15))
    for when in (at(8, 11), at(7, 31)):
        Station.objects.update(enrolled_at=when)
        assert [(one.state, one.cause, one.station) for one in lines(at(15))] == [
            ("unknown", "not_installed", SHILI),
            ("missing", None, ""),
        ]
    Station.objects.update(enrolled_at=at(7, 30))
    assert [one.state for one in lines(at(15))] == ["missing", "missing"]


def test_a_station_with_a_new_board_had_another_one_before(morning: DutyWindow, county: FictionalCounty) -> None:
    for serial, when in (("1", at(0)), ("2", at(9))):
        StationCertificate.objects.create(station_id=SHILI, serial=serial, not_after=at(23), issued_at=when)
    for when in (at(9), at(8)):
        Station.objects.update(enrolled_at=when)
        (line,) = lines(at(9, 30))
        assert (line.state, line.cause, line_words(line)) == ("unknown", "reinstalled", "站点后来重新装过")


def test_a_station_that_was_off_was_there(morning: DutyWindow) -> None:
    Station.objects.update(enrolled_at=at(7, 40))
    assert state(at(9)) == ("unknown", "not_installed")
    happened("shut_down", at(8))
    assert state(at(9)) == ("unknown", "down")


def test_whoever_is_resident_is_on_duty_there(morning: DutyWindow, zhang: Person) -> None:
    absence = Absence.objects.create(person=zhang, kind=AbsenceKind.RESIDENCY)
    put(AbsenceRecord, [absence.pk], Period(at(7), at(11, 45)), {"code": ""}, actor=BY)
    assert state(at(9)) == ("missing", None)


@pytest.mark.parametrize("kind", COVERING)
def test_who_is_away_is_excused_with_kind_and_end(morning: DutyWindow, zhang: Person, kind: str) -> None:
    absence = Absence.objects.create(person=zhang, kind=kind)
    put(AbsenceRecord, [absence.pk], Period(at(7), at(11, 45)), {"code": "sick" if kind == "leave" else ""}, actor=BY)
    (line,) = lines(at(9))
    assert (line.state, line.absent and line.absent.kind) == ("excused", kind)
    put(AbsenceRecord, [absence.pk], Period(at(9), at(11, 45)), {"ended": True}, actor=BY)
    assert [(one.state, one.begin - line.begin) for one in lines(at(9, 10))] == [("not_yet", 60)]


def test_the_spans_are_those_that_the_county_has_set(morning: DutyWindow, county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=at(6))
    assert state(at(9)) == ("missing", None)
    choose(Region.objects.get(pk=COUNTY), "open_before_min", "60", actor=BY, now=at(0))
    choose(Region.objects.get(pk=TOWNSHIP), "open_before_min", "120", actor=BY, now=at(0))
    assert state(at(9)) == ("here", None)


def test_queries_do_not_grow_with_villages_people_or_stations(morning: DutyWindow, county: FictionalCounty) -> None:
    def queries(*codes: str) -> int:
        villages = list(Region.objects.filter(pk__in=codes))
        with CaptureQueriesContext(connection) as captured:
            today(villages, MONDAY, at(9))
        return len(captured)

    touch(county.stations[SHILI], ZHANG.token, at=at(8))
    few = queries(SHILI_VILLAGE)
    for number in range(6):
        person = Person.objects.create(number=f"c{number}", name="孙示例", village_id=YANSHI_VILLAGE)
        duty(YANSHI_VILLAGE, person, name=f"班{number}")
        duty(YANGBAN_VILLAGE, person, name=f"晚{number}", start=1200, end=1300)
    add_station(county, YANSHI, YANSHI_VILLAGE, online=False)
    assert queries(SHILI_VILLAGE, YANSHI_VILLAGE, YANGBAN_VILLAGE) <= few + 1
    assert few <= 28
