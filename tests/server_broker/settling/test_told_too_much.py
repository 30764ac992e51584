"""Whatever one station tells, settling reads so much of it and no more, blames nobody over the rest, and says so."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from server_broker.fleet.alarm_codes import TOO_MANY_FACTS
from server_broker.fleet.models import Alarm, Station, Stream
from server_broker.people.models import Person
from server_broker.platform.sql import query
from server_broker.regions.models import Region
from server_broker.settling import told
from server_broker.settling.reading import world_of
from server_broker.settling.rounds import settle_days
from server_broker.settling.told import Range, facts_in
from tests.cast import SHILI, SHILI_VILLAGE, UNKNOWN_CARD, YANSHI, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.settling.lived import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

MOST, FLOOD = 40, 90
VILLAGES = (SHILI_VILLAGE, YANSHI_VILLAGE)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced()
    morning(county.people[ZHANG])
    return county.people[ZHANG]


@pytest.fixture
def zhao(county: FictionalCounty) -> Person:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    zhao = county.add(ZHAO)
    morning(zhao, village=YANSHI_VILLAGE)
    return zhao


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    return LivedStation()


def lives(station: LivedStation, card: bytes, day: dt.date, *, flood: int = 0) -> None:
    for number in range(flood):
        station.touched(UNKNOWN_CARD, at(day, 7, number // 60, number % 60))
        if number % 30 == 29:
            station.send(at(day, 8))
    station.touched(card, at(day, 8, 20))
    station.touched(card, at(day, 12, 5))
    station.closed(at(day, 15, 1))
    station.send(at(day, 15, 2))


def identity(code: str) -> int:
    return Region.objects.get(pk=code).identity


def test_what_needs_the_rest_is_open_and_nobody_else_notices(
    zhang: Person, zhao: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    yanshi = LivedStation(YANSHI)
    for day in (MONDAY, TUESDAY):
        lives(yanshi, ZHAO.token, day)
        lives(shili, ZHANG.token, day, flood=FLOOD if day == TUESDAY else 0)
    yanshi.closed(at(WEDNESDAY, 15, 1))
    yanshi.send(at(WEDNESDAY, 15, 2))
    shili.closed(at(WEDNESDAY, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    known = at(WEDNESDAY, 20)
    whole = words(MONDAY, WEDNESDAY, known, *VILLAGES)
    assert [whole[str(zhang.pk), day] for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["√", "√", "旷"]

    monkeypatch.setattr(told, "MOST_FACTS", MOST)
    cut = words(MONDAY, WEDNESDAY, known, *VILLAGES)
    # Whose station it is waits for it. Others await it for seven days, and what they did at their own station stands.
    assert [cut[str(zhang.pk), day] for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["√", "未", "未"]
    assert [cut[str(zhao.pk), day] for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["√", "√", "未"]
    later = words(MONDAY, WEDNESDAY, at(WEDNESDAY + dt.timedelta(days=9), 20), *VILLAGES)
    assert later[str(zhao.pk), WEDNESDAY] == "旷"
    # Its record ends when it is revoked, but nobody has read all of it.
    Station.objects.filter(pk=SHILI).update(revoked_at=at(TUESDAY, 14, 30))
    gone = words(MONDAY, TUESDAY, known, *VILLAGES)
    assert [gone[str(zhang.pk), day] for day in (MONDAY, TUESDAY)] == ["√", "待"]


def test_somebody_of_elsewhere_awaits_the_station_at_which_they_touched_behind_what_is_read(
    zhang: Person, zhao: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    yanshi = LivedStation(YANSHI)
    for day in (MONDAY, TUESDAY):
        lives(shili, ZHAO.token, day, flood=FLOOD)
        yanshi.closed(at(day, 15, 1))
        yanshi.send(at(day, 15, 2))
    known = at(TUESDAY + dt.timedelta(days=9), 20)
    assert words(TUESDAY, TUESDAY, known, *VILLAGES)[str(zhao.pk), TUESDAY] == "√"
    monkeypatch.setattr(told, "MOST_FACTS", MOST)
    assert words(TUESDAY, TUESDAY, known, *VILLAGES)[str(zhao.pk), TUESDAY] in {"未", "待"}


def test_so_many_facts_are_read_and_so_many_at_once(
    zhang: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(shili, ZHANG.token, MONDAY, flood=FLOOD)
    rows: list[int] = []

    def counted(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        found = query(statement, parameters)
        if statement == told._FACTS_OF:
            rows.append(len(found))
            # The database promises no order.
            return found[::-1]
        return found

    monkeypatch.setattr(told, "query", counted)
    monkeypatch.setattr(told, "_FACTS_A_QUERY", 16)
    ranges = [Range(one.pk, SHILI, bytes(one.epoch), 1, one.through) for one in Stream.objects.all()]
    assert [one.seq for one in facts_in(ranges, None)] == list(range(1, len(shili.sealed) + 1))
    assert (sum(rows), max(rows)) == (len(shili.sealed), 16)
    rows.clear()
    monkeypatch.setattr(told, "MOST_FACTS", MOST)
    world_of([identity(SHILI_VILLAGE)], MONDAY, MONDAY, at(MONDAY, 20))
    assert (sum(rows), max(rows)) == (MOST, 16)


def test_what_came_later_changes_nothing_of_what_was_known_before(
    zhang: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST_FACTS", MOST)
    lives(shili, ZHANG.token, MONDAY)
    shili.closed(at(TUESDAY, 15, 1))
    shili.send(at(TUESDAY, 15, 2))
    known = at(TUESDAY, 20)
    before = world_of([identity(SHILI_VILLAGE)], MONDAY, TUESDAY, known)
    assert words(MONDAY, TUESDAY, known) == {(str(zhang.pk), MONDAY): "√", (str(zhang.pk), TUESDAY): "旷"}
    lives(shili, ZHANG.token, WEDNESDAY, flood=FLOOD)
    assert world_of([identity(SHILI_VILLAGE)], MONDAY, TUESDAY, known) == before


def test_an_alarm_names_the_station(zhang: Person, shili: LivedStation, monkeypatch: pytest.MonkeyPatch) -> None:
    lives(shili, ZHANG.token, MONDAY, flood=FLOOD)
    due = {(identity(SHILI_VILLAGE), MONDAY): "first"}
    settle_days(due, at(MONDAY, 16))
    assert not Alarm.objects.filter(code=TOO_MANY_FACTS).exists()
    monkeypatch.setattr(told, "MOST_FACTS", MOST)
    for minute in (1, 2):
        settle_days(due, at(MONDAY, 16, minute))
    alarm = Alarm.objects.get(code=TOO_MANY_FACTS)
    assert (alarm.station_id, alarm.count) == (SHILI, 1)
