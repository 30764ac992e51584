"""What was known when: cards, posts, requests, parameters, held facts and dead stations, each by its own rows."""

import datetime as dt
from collections.abc import Iterable
from itertools import product

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocol.facts import FactsLost
from server_broker.attendance.models import DutyWindow, StationPlace
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.windows import Terms, change_window
from server_broker.ingest.held import held_facts, write_off
from server_broker.people.cards import bind_card, end_binding, report_lost
from server_broker.people.models import HoldingState, Person, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.settling.boards import Streams
from server_broker.settling.models import DeadStation, HeldRead, ParameterRecord, StandIn
from server_broker.settling.reading import world_of
from server_broker.settling.span import Span
from server_broker.settling.told import Range
from server_broker.settling.windows import settle
from server_broker.twin.station_settings import choose
from tests.cast import COUNTY, LI, SHILI, SHILI_VILLAGE, UNKNOWN_CARD, YANSHI, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.settling.lived import (
    BY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
    settled,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)
SUNDAY = MONDAY - DAY


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced()
    return county.people[ZHANG]


@pytest.fixture
def window(zhang: Person) -> DutyWindow:
    return morning(zhang)


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    return LivedStation()


def village() -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


def came(station: LivedStation, card: bytes, day: dt.date) -> None:
    station.touched(card, at(day, 8, 20))
    station.touched(card, at(day, 12, 5))
    station.closed(at(day, 15, 1))
    station.send(at(day, 15, 2))


def word(person: Person, day: dt.date, known: dt.datetime) -> str:
    return words(day, day, known)[str(person.pk), day]


def test_a_card_that_is_bound_later_counts_back(window: DutyWindow, zhang: Person, shili: LivedStation) -> None:
    came(shili, UNKNOWN_CARD, MONDAY)
    with recorded(at(TUESDAY, 10)):
        bind_card(UNKNOWN_CARD, zhang, actor=BY)
    assert [word(zhang, MONDAY, at(day, 20)) for day in (MONDAY, TUESDAY)] == ["旷", "√"]


def test_touches_of_a_lost_card_do_not_count_once_it_is_known(
    window: DutyWindow, zhang: Person, county: FictionalCounty, shili: LivedStation
) -> None:
    came(shili, ZHANG.token, MONDAY)
    with recorded(at(TUESDAY, 10)):
        report_lost(county.cards[ZHANG], actor=BY, since=at(MONDAY, 12), now=at(TUESDAY, 10))
    assert [word(zhang, MONDAY, at(day, 20)) for day in (MONDAY, TUESDAY)] == ["√", "缺"]


def test_a_card_that_was_handed_in_is_the_next_ones_from_then_on(
    zhang: Person, county: FictionalCounty, shili: LivedStation
) -> None:
    li = county.people[LI]
    morning(zhang, li)
    end_binding(county.cards[ZHANG], actor=BY, reason="交回", since=timezone.now())
    bind_card(ZHANG.token, li, actor=BY)
    came(shili, ZHANG.token, MONDAY)
    assert (word(zhang, MONDAY, at(MONDAY, 20)), word(li, MONDAY, at(MONDAY, 20))) == ("旷", "√")


def test_who_holds_two_posts_of_a_window_has_it_once(
    zhang: Person, county: FictionalCounty, shili: LivedStation
) -> None:
    unit = make_unit("示例村两委", UnitKind.COMMITTEE, village(), actor=BY)
    posts = [give_post(zhang, unit, title, since=SUNDAY, actor=BY).post_id for title in ("主任", "委员")]
    li = county.people[LI]
    away = give_post(li, unit, "委员", since=SUNDAY, actor=BY)
    change_holding(away, HoldingState.SECONDED, since=TUESDAY, actor=BY, reason="借调镇里")
    morning(zhang, posts=posts)
    for day in (MONDAY, TUESDAY):
        came(shili, ZHANG.token, day)
    now = settled(MONDAY, TUESDAY, at(TUESDAY, 20))
    assert {(place[0], place[1]): one.result for place, one in now.items()} == {
        (str(zhang.pk), MONDAY): "√",
        (str(zhang.pk), TUESDAY): "√",
        (str(li.pk), MONDAY): "旷",
        (str(li.pk), TUESDAY): "休",
    }
    assert now[str(li.pk), TUESDAY, 510].reason == "借调，不用到。"


def test_a_change_of_the_window_blames_nobody_for_the_time_before_it_was_entered(
    window: DutyWindow, zhang: Person, shili: LivedStation
) -> None:
    with recorded(at(MONDAY, 10)):
        terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, [zhang.pk])
        change_window(window, terms, since=MONDAY, actor=BY, reason="改八点")
    for day in (MONDAY, TUESDAY):
        shili.closed(at(day, 15, 1))
    shili.send(at(TUESDAY, 16))
    assert words(MONDAY, TUESDAY, at(TUESDAY, 20)) == {(str(zhang.pk), MONDAY): "暂", (str(zhang.pk), TUESDAY): "旷"}
    assert words(MONDAY, MONDAY, at(MONDAY, 9)) == {(str(zhang.pk), MONDAY): ""}


def test_approved_leave_holds_from_when_it_was_approved_and_until_who_is_back(
    window: DutyWindow, zhang: Person, shili: LivedStation
) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        shili.closed(at(day, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    with recorded(at(MONDAY, 7)), transaction.atomic():
        absence = Absence.objects.create(person=zhang, kind="leave", source="")
        put(AbsenceRecord, [absence.pk], Period(at(MONDAY, 8), at(WEDNESDAY, 18)), {"code": "sick"}, actor=BY)
    with recorded(at(TUESDAY, 17)), transaction.atomic():
        put(AbsenceRecord, [absence.pk], Period(at(TUESDAY, 17), at(WEDNESDAY, 18)), {"ended": True}, actor=BY)
    key = str(zhang.pk)
    then = settled(MONDAY, WEDNESDAY, at(TUESDAY, 12))
    assert [then[key, day, 510].result for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["假", "假", "假"]
    assert then[key, MONDAY, 510].kind == "病"
    now = settled(MONDAY, WEDNESDAY, at(WEDNESDAY, 20))
    assert [now[key, day, 510].result for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["假", "假", "旷"]


def test_a_setting_of_a_region_is_kept_with_its_date(zhang: Person) -> None:
    county = Region.objects.get(pk=COUNTY)
    choose(village(), "open_before_min", "30", actor=BY, now=timezone.now())
    choose(county, "open_before_min", "60", actor=BY, now=timezone.now())
    choose(county, "data_mb_month", "60", actor=BY, now=timezone.now())

    def opens(known: dt.datetime) -> dict[str, int | str]:
        world = world_of([village().identity], MONDAY, MONDAY, known)
        return dict(next(row.values for row in world.parameters if row.region == str(village().identity)))

    assert opens(at(MONDAY, 20))["open_before"] == 30
    between = timezone.now()
    choose(village(), "open_before_min", "", actor=BY, now=timezone.now())
    assert (opens(between)["open_before"], opens(at(MONDAY, 20))["open_before"]) == (30, 60)
    assert {row.subject.name for row in ParameterRecord.objects.all()} == {"open_before"}
    with transaction.atomic():
        own = ParameterRecord.objects.known().get(subject__region=county)
        put(ParameterRecord, [own.subject_id], Period(), {"value": 120, "locked": True}, actor=BY)
    assert opens(at(MONDAY, 20))["open_before"] == 120


def test_a_held_fact_makes_one_wait_until_it_is_written_off(
    window: DutyWindow, zhang: Person, shili: LivedStation
) -> None:
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.add_body(b"\x81\xa4kind\xa7someday")
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    assert word(zhang, MONDAY, at(MONDAY, 20)) == "待"
    write_off(held_facts(), reason="查过了", actor=BY, at=at(TUESDAY, 9))
    assert [word(zhang, MONDAY, at(day, 20)) for day in (MONDAY, TUESDAY)] == ["待", "缺"]


def test_a_held_fact_that_was_read_counts_from_then_on(window: DutyWindow, zhang: Person, shili: LivedStation) -> None:
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.touched(ZHANG.token, at(MONDAY, 12, 5))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    fact = held_facts().model.objects.get(seq=4)
    held_facts().model.objects.filter(pk=fact.pk).update(held_reason="unknown_kind")
    assert word(zhang, MONDAY, at(MONDAY, 20)) == "待"
    held_facts().model.objects.filter(pk=fact.pk).update(held_reason="")
    HeldRead.objects.update(at=at(TUESDAY, 9))
    assert [word(zhang, MONDAY, at(day, 20)) for day in (MONDAY, TUESDAY)] == ["待", "√"]


def test_lost_seqs_fill_the_gap_and_make_one_wait(window: DutyWindow, zhang: Person, shili: LivedStation) -> None:
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.state(FactsLost(at=shili.moment(at(MONDAY, 13)), epoch=shili.epoch, first=50, last=52))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    found = world_of([village().identity], MONDAY, MONDAY, at(MONDAY, 20)).stations[0]
    assert [(one.epoch, one.first, one.last) for one in found.lost] == [(1, 50, 52)]


def test_a_station_that_is_declared_dead_completes_the_record_until_it_speaks_again(
    window: DutyWindow, zhang: Person, shili: LivedStation
) -> None:
    came(shili, ZHANG.token, MONDAY)
    assert word(zhang, TUESDAY, at(TUESDAY, 20)) == "未"
    with recorded(at(WEDNESDAY, 9)), transaction.atomic():
        put(DeadStation, [SHILI], Period(at(MONDAY, 16)), {"dead": True}, actor=BY, reason="烧坏了")
    assert word(zhang, TUESDAY, at(WEDNESDAY, 20)) == "停"
    shili.booted(at(WEDNESDAY + DAY, 7), alive=at(TUESDAY, 18))
    shili.closed(at(WEDNESDAY + DAY, 15, 1))
    shili.send(at(WEDNESDAY + DAY, 15, 2))
    assert [word(zhang, TUESDAY, at(WEDNESDAY + n * DAY, 20)) for n in (-1, 0, 1)] == ["未", "停", "旷"]


def test_a_village_without_a_station_names_one_that_stands_in(
    zhang: Person, county: FictionalCounty, shili: LivedStation
) -> None:
    zhao = county.add(ZHAO)
    morning(zhao, village=YANSHI_VILLAGE)
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))

    def of_zhao(known: dt.datetime) -> str:
        return words(MONDAY, MONDAY, known, YANSHI_VILLAGE)[str(zhao.pk), MONDAY]

    assert of_zhao(at(MONDAY, 20)) == "停"
    with recorded(at(TUESDAY, 9)), transaction.atomic():
        yanshi = Region.objects.get(pk=YANSHI_VILLAGE).identity
        put(StandIn, [yanshi], Period(at(SUNDAY, 0)), {"station_id": SHILI}, actor=BY, reason="没有站点")
    assert (of_zhao(at(MONDAY, 20)), of_zhao(at(TUESDAY, 20))) == ("停", "旷")


def test_a_station_counts_where_it_stood_on_each_date(
    zhang: Person, county: FictionalCounty, shili: LivedStation
) -> None:
    zhao = county.add(ZHAO)
    morning(zhang)
    morning(zhao, village=YANSHI_VILLAGE)
    for day in (MONDAY, TUESDAY):
        shili.closed(at(day, 15, 1))
    shili.send(at(TUESDAY, 15, 2))
    yanshi = Region.objects.get(pk=YANSHI_VILLAGE).identity
    with recorded(at(TUESDAY, 9)), transaction.atomic():
        put(StationPlace, [SHILI], Period(at(TUESDAY, 0)), {"village_id": yanshi}, actor=BY)

    def both(known: dt.datetime) -> list[str]:
        rows = settle([village().identity, yanshi], Span(MONDAY, TUESDAY, known))
        of = {(one.person, one.result.day): one.result.result for one in rows}
        return [of[one.pk, day] for one in (zhang, zhao) for day in (MONDAY, TUESDAY)]

    # Whoever's village has no station that is up is excused.
    assert both(at(TUESDAY, 20)) == ["旷", "停", "停", "旷"]


def test_a_stand_in_counts_on_its_dates_alone(zhang: Person, county: FictionalCounty, shili: LivedStation) -> None:
    zhao = county.add(ZHAO)
    morning(zhao, village=YANSHI_VILLAGE)
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        shili.closed(at(day, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    yanshi = Region.objects.get(pk=YANSHI_VILLAGE).identity
    with recorded(at(TUESDAY, 9)), transaction.atomic():
        put(StandIn, [yanshi], Period(at(TUESDAY, 0), at(WEDNESDAY, 0)), {"station_id": SHILI}, actor=BY)
    rows = settle([yanshi], Span(MONDAY, WEDNESDAY, at(WEDNESDAY, 20)))
    assert [(one.result.day, one.result.result) for one in rows] == [
        (MONDAY, "停"),
        (TUESDAY, "旷"),
        (WEDNESDAY, "停"),
    ]


def test_what_is_left_out_of_a_long_record_changes_nothing(
    window: DutyWindow, zhang: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [MONDAY + n * DAY for n in range(40)]
    for number, day in enumerate(days):
        if number % 9 == 4:
            shili.booted(at(day, 9, 30), quality="unknown" if number % 2 else "synced", alive=at(day - DAY, 18))
            if number % 2:
                shili.learnt(at(day, 11))
        if number % 7 != 3:
            came(shili, ZHANG.token, day)
    known = at(days[-1], 20)
    firsts = []

    def whole(streams: Streams, since: object, span: object) -> list[Range]:
        return [
            Range(stream.id, station, epoch, 1, stream.through) for (station, epoch), stream in streams.of_epoch.items()
        ]

    for first in (0, 6, 13, 20, 27, 34):
        dates = (days[first], days[first] + 3 * DAY, known)
        cut = settled(*dates)
        firsts.append(sum(len(one.facts) for one in world_of([village().identity], *dates).stations))
        with monkeypatch.context() as patched:
            patched.setattr("server_broker.settling.stations.ranges_of", whole)
            assert settled(*dates) == cut
    assert max(firsts) < len(shili.sealed) * 0.6


def test_stations_that_are_left_out_change_nothing(
    window: DutyWindow, zhang: Person, shili: LivedStation, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the other stations of a township those are read that somebody touched, or that are still awaited."""
    announced(MONDAY - 14 * DAY, 60)
    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    far = LivedStation.at_village("far-01", YANSHI_VILLAGE)
    days = [MONDAY + n * DAY for n in range(25)]
    for number, day in enumerate(days):
        if number % 5 != 3:
            came(shili, ZHANG.token, day)
        if number == 9:
            yanshi.booted(at(day, 7), quality="unknown", alive=at(day - DAY, 18))
            yanshi.touched(ZHANG.token, at(day, 8, 20), wall=at(dt.date(2020, 1, 1), 0))
        if number == 12:
            yanshi.learnt(at(day, 7))
        if number in {2, 13}:
            yanshi.touched(ZHANG.token, at(day, 13))
        if number == 6:
            far.add_body(b"\x81\xa4kind\xa7someday")
        far.touched(UNKNOWN_CARD, at(day, 9))
        for other in (yanshi, far):
            other.closed(at(day, 15, 1))
            if number not in {5, 6, 20}:
                other.send(at(day, 16))

    def everything(places: Iterable[str], own: object, means: object, span: Span) -> dict[str, dt.datetime]:
        return dict.fromkeys(places, span.since)

    read = []
    for first, later in product((0, 2, 5, 8, 11, 16), (1, 4, 8, 14)):
        known = at(min(days[first] + later * DAY, days[-1]), 20)
        dates = (days[first], min(days[first] + 2 * DAY, known.date()), known)
        cut = settled(*dates)
        read.append({one.id for one in world_of([village().identity], *dates).stations if one.facts})
        with monkeypatch.context() as patched:
            patched.setattr("server_broker.settling.stations._bearing_since", everything)
            assert settled(*dates) == cut, dates
    assert {SHILI, YANSHI} in read
    assert {SHILI, YANSHI, "far-01"} in read


def test_the_number_of_queries_does_not_grow(zhang: Person, county: FictionalCounty, shili: LivedStation) -> None:
    morning(zhang)
    came(shili, ZHANG.token, MONDAY)

    def queries(villages: list[int], last: dt.date) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            world_of(villages, MONDAY, last, at(MONDAY, 20))
        return len(caught)

    one = queries([village().identity], MONDAY)
    for number in range(9):
        code = f"9901010010{number + 10}"
        other = Region.objects.create(code=code, name=f"村{number}")
        people = [Person.objects.create(number=f"n{number}{one}", name="某人", village_id=code) for one in range(3)]
        morning(*people, village=code)
        station = LivedStation.at_village(f"extra-{number:02}", code)
        came(station, ZHANG.token, MONDAY)
        assert other.identity
    identities = list(Region.objects.filter(code__startswith="990101001").values_list("identity", flat=True))
    assert queries(identities, MONDAY + 6 * DAY) == one
    assert one < 45
