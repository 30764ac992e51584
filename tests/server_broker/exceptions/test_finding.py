"""Each kind is found where it is, stays one row from night to night, and is gone once data say otherwise."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from server_broker.attendance.models import StationPlace
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.exceptions.cleaning import drop_old
from server_broker.exceptions.found import Look
from server_broker.exceptions.kinds import SPECS, kinds_now
from server_broker.exceptions.looking import FINDERS, look_at, look_nightly
from server_broker.exceptions.models import Looked, Notable
from server_broker.fleet.models import Station
from server_broker.people.cards import end_binding
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settling.models import SettledWindow
from server_broker.settling.setting_terms import set_term
from server_broker.settling.stand_ins import Days, name_stand_in
from server_broker.twin.station_settings import choose
from tests.cast import (
    OPERATOR,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    YANGBAN,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, add_station, event, touch, user_of, window
from tests.server_broker.settling.lived import MONDAY, TUESDAY, WEDNESDAY, at

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
MONDAY_OF_2020 = dt.datetime(2020, 1, 6, 9, tzinfo=dt.UTC)
LOOK = Look(MONDAY - DAY, MONDAY + 4 * DAY, at(MONDAY + 5 * DAY, 3))


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


def came(station: str, at_: dt.datetime, card: bytes = ZHANG.token, **values: object) -> None:
    touch(Station.objects.get(pk=station), card, at=at_, **values)


def settled(person: Person, day: dt.date, result: str, *, start: int = 510, **values: object) -> SettledWindow:
    return SettledWindow.objects.create(
        **{
            "village": Region.objects.get(pk=person.village_id),
            "person": person,
            "day": day,
            "start": start,
            "result": result,
            "late": 0,
            "early": 0,
            "line": "5",
            "reason": "",
            "share_numerator": 1,
            "share_denominator": 1,
            "leave_minutes": 0,
            "facts": [],
            "awaited": [],
            "rules": "2.7",
            "parameters": "",
            "digest": b"",
            "known_at": at(day, 20),
            "settled_at": at(day, 20),
            "why": "first",
        }
        | values
    )


def standing(kind: str, look: Look = LOOK) -> list[Notable]:
    look_at(look)
    return list(Notable.objects.filter(kind=kind, gone_at=None).order_by("day", "pk"))


def test_a_card_in_two_townships_within_too_short_a_time(zhang: Person) -> None:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15), quality="holdover")
    came(SHILI, at(TUESDAY, 8, 0))
    came(YANGBAN, at(TUESDAY, 8, 20))
    [row] = standing("two_places")
    assert (row.person, row.day, row.detail) == (zhang, MONDAY, {"minutes": 15})
    assert row.village.code == SHILI_VILLAGE
    assert [station for station, _, _ in row.evidence] == [SHILI, YANGBAN]


def test_two_villages_of_a_township_and_undated_touches_are_none(county: FictionalCounty, zhang: Person) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    came(SHILI, at(MONDAY, 8, 0))
    came(YANSHI, at(MONDAY, 8, 1))
    came(YANGBAN, at(MONDAY, 8, 5), quality="unknown")
    assert standing("two_places") == []


def test_where_a_station_stood_then_counts(zhang: Person) -> None:
    yanshi = Region.objects.get(pk=YANSHI_VILLAGE).identity
    with transaction.atomic():
        put(StationPlace, [YANGBAN], Period(None, at(TUESDAY, 0)), {"village_id": yanshi}, actor="service")
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 5))
    assert standing("two_places") == []


def test_the_same_row_the_next_night_and_none_once_the_card_was_another_s(
    county: FictionalCounty, zhang: Person
) -> None:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15))
    [row] = standing("two_places")
    later = LOOK._replace(now=LOOK.now + DAY)
    [again] = standing("two_places", later)
    assert (again.pk, again.found_at) == (row.pk, LOOK.now)
    end_binding(county.cards[ZHANG], actor="service", reason="交回去了", since=at(MONDAY, 7))
    assert standing("two_places", later) == []
    row.refresh_from_db()
    assert row.gone_at == later.now


def test_a_night_does_not_call_gone_what_it_did_not_look_at(zhang: Person) -> None:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15))
    standing("two_places")
    look_at(Look(MONDAY + 7 * DAY, MONDAY + 9 * DAY, LOOK.now + 9 * DAY))
    assert Notable.objects.get(kind="two_places").gone_at is None


@pytest.fixture
def departed(zhang: Person) -> Person:
    """Somebody who left at 14:50 from a window to 12:00, whom nobody had seen since 8:20."""
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "√")
    came(SHILI, at(MONDAY, 8, 20))
    came(SHILI, at(MONDAY, 14, 50))
    return zhang


def test_a_departure_long_after_the_last_sign(departed: Person) -> None:
    [row] = standing("late_departure")
    assert (row.person, row.day, row.detail) == (departed, MONDAY, {"minutes": 390, "door": 0})
    assert len(row.evidence) == 1


@pytest.mark.parametrize("kind", ["contact_changed", "visit_ended", "request_made"])
def test_a_sign_in_between_says_that_somebody_was_there(departed: Person, kind: str) -> None:
    event(Station.objects.get(pk=SHILI), kind, at=at(MONDAY, 13, 30))
    assert standing("late_departure") == []


def test_a_touch_whose_time_was_corrected_is_a_sign_too(departed: Person) -> None:
    came(SHILI, at(MONDAY, 2), b"card-of-somebody", quality="unknown", corrected_wall=at(MONDAY, 13, 30))
    assert standing("late_departure") == []


def test_a_departure_after_midnight_belongs_to_the_date_of_its_window(zhang: Person) -> None:
    window(SHILI_VILLAGE, "晚班", [zhang], start=1200, end=1400)
    settled(zhang, MONDAY, "√", start=1200)
    came(SHILI, at(MONDAY, 20))
    came(SHILI, at(TUESDAY, 1))
    [row] = standing("late_departure")
    assert (row.day, row.detail["minutes"]) == (MONDAY, 300)


@pytest.mark.parametrize(("minutes", "came_at", "found"), [("300", 16, True), ("60", 14, False)])
def test_how_late_a_touch_is_a_departure_is_as_the_village_has_it(
    zhang: Person, minutes: str, came_at: int, found: bool
) -> None:
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "缺")
    came(SHILI, at(MONDAY, 8, 20))
    came(SHILI, at(MONDAY, came_at))
    assert bool(standing("late_departure")) is (came_at == 14)
    choose(Region.objects.get(pk=TOWNSHIP), "open_after_min", minutes, actor="officer", now=LOOK.now)
    assert bool(standing("late_departure")) is found


def test_the_door_right_before_the_touch_is_no_sign(departed: Person) -> None:
    event(Station.objects.get(pk=SHILI), "contact_changed", at=at(MONDAY, 14, 48))
    [row] = standing("late_departure")
    assert row.detail == {"minutes": 390, "door": 1}


def test_of_a_time_in_which_the_station_was_off_nothing_is_said(departed: Person) -> None:
    event(Station.objects.get(pk=SHILI), "booted", at=at(MONDAY, 11))
    assert standing("late_departure") == []


def test_a_departure_soon_after_the_end_is_none(zhang: Person) -> None:
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "√")
    came(SHILI, at(MONDAY, 8, 20))
    came(SHILI, at(MONDAY, 12, 20))
    assert standing("late_departure") == []


def leave(person: Person, since: dt.datetime, until: dt.datetime, kind: str = "leave") -> Absence:
    with transaction.atomic():
        absence = Absence.objects.create(person=person, kind=kind, source="")
        put(AbsenceRecord, [absence.pk], Period(since, until), {"code": "sick"}, actor="service")
    return absence


def test_a_card_that_is_used_while_its_owner_is_on_leave(zhang: Person) -> None:
    absence = leave(zhang, at(MONDAY, 8), at(WEDNESDAY, 18))
    came(SHILI, at(TUESDAY, 9))
    came(SHILI, at(TUESDAY, 12))
    came(SHILI, at(WEDNESDAY, 19))
    [row] = standing("card_on_leave")
    assert (row.person, row.day, row.detail["times"], len(row.evidence)) == (zhang, TUESDAY, 2, 2)
    with transaction.atomic():
        put(AbsenceRecord, [absence.pk], Period(at(TUESDAY, 9), at(WEDNESDAY, 18)), {"ended": True}, actor="service")
    assert standing("card_on_leave") == []


def test_field_duty_is_no_leave(zhang: Person) -> None:
    leave(zhang, at(MONDAY, 8), at(WEDNESDAY, 18), "field_duty")
    came(SHILI, at(TUESDAY, 9))
    assert standing("card_on_leave") == []


def test_the_same_minute_every_day(zhang: Person) -> None:
    first = MONDAY.replace(day=1)
    for number in range(12):
        came(SHILI, at(first + number * DAY, 8, 1, 5 * number))
        came(SHILI, at(first + number * DAY, 8, 1, 5 * number) + dt.timedelta(hours=4))
    for number in range(12, 15):
        came(SHILI, at(first + number * DAY, 8, 30))
    [row] = standing("same_minute")
    assert row.detail == {"month": f"{MONDAY:%Y-%m}", "together": 12, "days": 15, "second": 8 * 3600 + 60}
    assert (row.person, row.day, len(row.evidence)) == (zhang, first + 11 * DAY, 12)
    came(SHILI, at(first + 15 * DAY, 8, 1, 30))
    [again] = standing("same_minute")
    assert (again.pk, again.detail["together"]) == (row.pk, 13)


def test_nine_in_the_same_minute_are_none(zhang: Person) -> None:
    first = MONDAY.replace(day=1)
    for number in range(12):
        came(SHILI, at(first + number * DAY, 8, 1 if number < 9 else 3))
    assert standing("same_minute") == []


def test_a_village_in_which_nobody_touches_though_the_station_is_up(zhang: Person) -> None:
    for day, result in ((MONDAY, "旷"), (TUESDAY, "旷"), (WEDNESDAY, "休"), (WEDNESDAY + DAY, "旷")):
        settled(zhang, day, result)
    [row] = standing("quiet_village")
    assert row.person is None
    assert row.detail == {"days": 3, "from": str(MONDAY), "to": str(WEDNESDAY + DAY), "windows": 3}
    came(SHILI, at(TUESDAY, 20))
    assert standing("quiet_village") == []


def test_a_touch_whose_time_was_corrected_to_the_date_is_one_there(zhang: Person) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        settled(zhang, day, "旷")
    came(SHILI, MONDAY_OF_2020, quality="unknown", corrected_wall=at(MONDAY - 9 * DAY, 9))
    came(SHILI, at(TUESDAY, 9), corrected_wall=at(MONDAY - 9 * DAY, 9))
    assert len(standing("quiet_village")) == 1
    came(SHILI, MONDAY_OF_2020, quality="unknown", corrected_wall=at(TUESDAY, 9))
    assert standing("quiet_village") == []


def test_a_touch_at_a_station_that_stood_elsewhere_then_is_none_there(zhang: Person) -> None:
    shili = Region.objects.get(pk=SHILI_VILLAGE).identity
    with transaction.atomic():
        put(StationPlace, [YANGBAN], Period(at(TUESDAY, 0)), {"village_id": shili}, actor="service")
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        settled(zhang, day, "旷")
    came(YANGBAN, at(MONDAY, 9))
    assert len(standing("quiet_village")) == 1
    assert standing("quiet_village")[0].detail["days"] == 3
    came(YANGBAN, at(TUESDAY, 9))
    assert standing("quiet_village") == []


def test_one_day_without_touches_is_none(zhang: Person) -> None:
    settled(zhang, MONDAY, "旷")
    settled(zhang, TUESDAY, "√")
    settled(zhang, WEDNESDAY, "旷")
    assert standing("quiet_village") == []


def test_a_run_of_one_month_keeps_its_first_date(zhang: Person) -> None:
    first = MONDAY.replace(day=1)
    for number in range(26):
        settled(zhang, first + number * DAY, "停")
    keys = set()
    for last in (first + 10 * DAY, first + 25 * DAY):
        look_at(Look(last - 10 * DAY, last, at(last + DAY, 3)))
        keys |= set(Notable.objects.filter(kind="dark_station").values_list("key", flat=True))
    village = Region.objects.get(pk=SHILI_VILLAGE).identity
    assert keys == {f"{village}:{first}"}


def test_a_station_that_tells_nothing_on_duty_days(zhang: Person) -> None:
    settled(zhang, MONDAY, "停")
    settled(zhang, TUESDAY, "未")
    [row] = standing("dark_station")
    assert row.detail == {"days": 2, "from": str(MONDAY), "to": str(TUESDAY), "windows": 2}
    # What is awaited since yesterday may come yet.
    Notable.objects.all().delete()
    assert standing("dark_station", Look(MONDAY - DAY, TUESDAY, at(WEDNESDAY, 3))) == []


def test_a_touch_where_it_does_not_count(zhang: Person) -> None:
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "旷")
    came(YANGBAN, at(MONDAY, 8, 25))
    [row] = standing("off_place")
    assert (row.person, row.day) == (zhang, MONDAY)
    assert row.detail == {"start": 510, "result": "旷", "roster": SHILI_VILLAGE}


def test_a_touch_where_it_counts_or_that_another_window_used_is_none(county: FictionalCounty, zhang: Person) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    window(SHILI_VILLAGE, "下午", [zhang], start=840, end=1020)
    settled(zhang, MONDAY, "缺")
    came(YANSHI, at(MONDAY, 8, 25))
    assert standing("off_place") == []
    at_yangban = touch(Station.objects.get(pk=YANGBAN), ZHANG.token, at=at(MONDAY, 12, 30))
    used = [[YANGBAN, bytes(at_yangban.epoch).hex(), at_yangban.seq]]
    assert len(standing("off_place")) == 1
    settled(zhang, MONDAY, "√", start=840, facts=used)
    assert standing("off_place") == []


def test_the_region_s_own_parameters_say_where_a_touch_counts(county: FictionalCounty, zhang: Person) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "旷")
    came(YANSHI, at(MONDAY, 8, 25))
    assert standing("off_place") == []
    now, by = at(MONDAY - DAY, 9), user_of(OPERATOR)
    village = Region.objects.get(pk=SHILI_VILLAGE)
    set_term(village, "place", "village", since=MONDAY, by=by, reason="只在本村打", now=now)
    assert len(standing("off_place")) == 1
    set_term(village, "place", "county", since=MONDAY, by=by, reason="哪里都算", now=now)
    assert standing("off_place") == []


def test_one_that_stands_in_counts(county: FictionalCounty) -> None:
    zhao = county.add(ZHAO)
    window(YANSHI_VILLAGE, "上午", [zhao], start=510, end=720)
    settled(zhao, MONDAY, "旷")
    came(YANGBAN, at(MONDAY, 8, 25), ZHAO.token)
    assert len(standing("off_place")) == 1
    yanshi, yangban = Region.objects.get(pk=YANSHI_VILLAGE), Station.objects.get(pk=YANGBAN)
    name_stand_in(yanshi, yangban, Days(MONDAY, None), "没有站点", by=user_of(OPERATOR), now=at(MONDAY - DAY, 6))
    assert standing("off_place") == []


def test_it_is_looked_for_once_a_night(zhang: Person) -> None:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15))
    assert look_nightly(at(TUESDAY, 2, 59)) is None
    assert look_nightly(at(TUESDAY, 3)) == "found 1 exceptions"
    assert Looked.objects.get().through == MONDAY
    assert look_nightly(at(TUESDAY, 9)) is None
    assert look_nightly(at(WEDNESDAY, 3)) == "found 1 exceptions"


def test_the_number_of_queries_does_not_grow(county: FictionalCounty, zhang: Person) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            look_at(LOOK)
        return len(caught)

    window(SHILI_VILLAGE, "上午", [zhang], start=510, end=720)
    settled(zhang, MONDAY, "旷")
    came(YANGBAN, at(MONDAY, 8, 25))
    one = queries()
    for number in range(12):
        person = Person.objects.create(number=f"n{number}", name="某人", village_id=SHILI_VILLAGE)
        settled(person, MONDAY, "旷")
        settled(person, TUESDAY, "旷")
        came(SHILI, at(TUESDAY, 8, number), b"", person_number=person.number)
        came(YANGBAN, at(TUESDAY, 8, number + 1), b"", person_number=person.number)
    assert queries() == one
    assert one < 50


def test_what_is_long_over_is_deleted(zhang: Person) -> None:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15))
    standing("two_places")
    assert drop_old(at(MONDAY + 400 * DAY, 12)) == 0
    assert drop_old(at(MONDAY + 401 * DAY, 12)) == 1


def test_every_kind_has_a_finder_and_words(county: FictionalCounty) -> None:
    assert set(FINDERS) == set(SPECS)
    for kind in kinds_now().values():
        assert str(kind.threshold) in kind.method
        assert kind.spec.lowest <= kind.spec.threshold <= kind.spec.highest
