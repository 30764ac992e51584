"""The data of one station, village or row stop nobody else's settling; nothing of them is lost or concluded from."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import pytest
from django.db import OperationalError

from server_broker.closing.standing import standings
from server_broker.fleet.alarm_codes import DATES_SET_ASIDE, FACTS_SET_ASIDE
from server_broker.fleet.models import Alarm
from server_broker.incidents.kinds import OTHER, kind_of
from server_broker.people.models import Person
from server_broker.platform import set_aside
from server_broker.platform.set_aside import AGAIN
from server_broker.regions.models import Region
from server_broker.settling import changes, rounds, seen
from server_broker.settling.models import Change, SettleDue, SettledWindow, StationAside
from server_broker.settling.rounds import mark_due, settle_days, settle_due
from server_broker.settling.span import Span
from server_broker.settling.told import Stated
from server_broker.settling.whereabouts import Whereabouts
from server_broker.settling.windows import Outcome, settle_and_name
from tests.cast import LI, YANSHI, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.settling.lived import MONDAY, LivedStation, announced, at, morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

LATER = AGAIN + dt.timedelta(seconds=1)


class Poison:
    """Has part of the settling fail, as a bug would over some data, until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.error: Exception = OverflowError("date value out of range")
        self.stations: set[str] = set()
        self.villages: set[int] = set()
        self.tries = 0
        real_news, real_settle = seen._news, settle_and_name

        def news(station: str, stated: Collection[Stated], before: Any) -> Any:
            if station in self.stations:
                self.tries += 1
                raise self.error
            return real_news(station, stated, before)

        def settled(villages: Collection[int], span: Span) -> Outcome:
            if self.villages & set(villages):
                self.tries += 1
                raise self.error
            return real_settle(villages, span)

        monkeypatch.setattr(seen, "_news", news)
        monkeypatch.setattr(rounds, "settle_and_name", settled)

    def mended(self) -> None:
        self.stations, self.villages = set(), set()


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced(MONDAY - dt.timedelta(days=14), 50)
    morning(county.people[ZHANG], county.people[LI])
    return county.people[ZHANG]


@pytest.fixture
def shili(zhang: Person) -> LivedStation:
    station = LivedStation()
    station.send(at(MONDAY, 6))
    return station


@pytest.fixture
def yanshi(county: FictionalCounty, shili: LivedStation) -> LivedStation:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    station = LivedStation(YANSHI)
    station.send(at(MONDAY, 6))
    return station


def lives_on(now: dt.datetime) -> None:
    mark_due(now)
    settle_due(now, rounds=1000)


def village_of(code: str) -> int:
    return Region.objects.get(code=code).identity


def results(day: dt.date) -> dict[str, str]:
    rows = SettledWindow.objects.current().filter(day=day).values_list("person__number", "result")
    return dict(rows)


def alarms(code: str) -> list[Alarm]:
    return list(Alarm.objects.filter(code=code, origin="county", resolved_at=None))


def day_is_over(*stations: LivedStation, cards: Collection[bytes] = (), day: dt.date = MONDAY) -> None:
    for station in stations:
        for card in cards:
            station.touched(card, at(day, 8, 20))
            station.touched(card, at(day, 12, 5))
        station.closed(at(day, 15, 1))
        station.send(at(day, 15, 2))


def is_whole(now: dt.datetime) -> bool:
    """Tell whether what stands is what the whole comes to at one go."""
    kept = settle_days({(village, MONDAY): "first" for village in Whereabouts(now).everybody}, now)
    return tuple(kept) == (0, 0)


def test_a_station_over_whose_facts_it_fails_keeps_nobody_elses_results_waiting(
    shili: LivedStation, yanshi: LivedStation, poison: Poison
) -> None:
    lives_on(at(MONDAY, 7))
    poison.stations = {YANSHI}
    day_is_over(shili, cards=[ZHANG.token, LI.token])
    day_is_over(yanshi, cards=[ZHAO.token])
    lives_on(at(MONDAY, 15, 3))
    assert (results(MONDAY)[ZHANG.number], results(MONDAY)[LI.number]) == ("√", "√")
    # Settling itself reads all facts, so that nobody's touch is left out.
    assert results(MONDAY)[ZHAO.number] == "√"
    assert is_whole(at(MONDAY, 15, 3))
    [aside] = StationAside.objects.all()
    assert (aside.station_id, aside.since) == (YANSHI, at(MONDAY, 15, 3))
    [alarm] = alarms(FACTS_SET_ASIDE)
    assert (alarm.station_id, kind_of(alarm.code, "county") is OTHER) == (YANSHI, False)
    assert "OverflowError" in alarm.detail
    assert "别的站点照常结算" in alarm.detail
    # Not at each round, and alone.
    tries = poison.tries
    shili.touched(LI.token, at(MONDAY, 15, 4))
    shili.send(at(MONDAY, 15, 4))
    lives_on(at(MONDAY, 15, 5))
    assert poison.tries == tries
    lives_on(at(MONDAY, 15, 3) + LATER)
    assert poison.tries == tries + 1
    poison.mended()
    lives_on(at(MONDAY, 15, 3) + 2 * LATER)
    assert not StationAside.objects.exists()
    assert not alarms(FACTS_SET_ASIDE)
    assert is_whole(at(MONDAY, 16))


def test_what_more_it_tells_meanwhile_has_the_dates_around_settled_again(
    shili: LivedStation, yanshi: LivedStation, poison: Poison
) -> None:
    poison.stations = {YANSHI}
    yanshi.touched(ZHAO.token, at(MONDAY, 8, 20))
    yanshi.send(at(MONDAY, 8, 21))
    lives_on(at(MONDAY, 8, 22))
    assert results(MONDAY)[ZHAO.number] == ""
    day_is_over(shili, cards=[ZHANG.token, LI.token])
    yanshi.touched(ZHAO.token, at(MONDAY, 12, 5))
    day_is_over(yanshi)
    lives_on(at(MONDAY, 15, 3))
    assert results(MONDAY)[ZHAO.number] == "√"
    tried = StationAside.objects.get().tried_at
    lives_on(at(MONDAY, 16))
    lives_on(at(MONDAY, 17))
    assert StationAside.objects.get().tried_at > tried
    # It has told nothing more, so nothing is due.
    poison.mended()
    assert not SettleDue.objects.exists()


def test_dates_that_cannot_be_settled_stay_due_and_keep_no_other_village_waiting(
    shili: LivedStation, yanshi: LivedStation, poison: Poison
) -> None:
    lives_on(at(MONDAY, 7))
    village = village_of(YANSHI_VILLAGE)
    poison.villages = {village}
    day_is_over(shili, cards=[ZHANG.token, LI.token])
    day_is_over(yanshi, cards=[ZHAO.token])
    lives_on(at(MONDAY, 15, 3))
    assert results(MONDAY) == {ZHANG.number: "√", LI.number: "√", ZHAO.number: ""}
    waiting = SettleDue.objects.filter(failed_at__isnull=False)
    assert {int(row.village_id) for row in waiting} == {village}
    assert SettleDue.objects.count() == waiting.count()
    [alarm] = alarms(DATES_SET_ASIDE)
    assert alarm.station_id is None
    assert "1 个村" in alarm.detail
    assert "不能公示" in alarm.detail
    # Its month can't be shown.
    [standing] = standings([Region.objects.get(code=YANSHI_VILLAGE)], "2027-03", at(MONDAY, 15, 3))
    assert standing.waiting
    assert standing.set_aside == standing.waiting
    tries = poison.tries
    lives_on(at(MONDAY, 15, 5))
    assert poison.tries == tries
    # Marked again meanwhile, it stays one row that waits for its next try.
    yanshi.touched(ZHAO.token, at(MONDAY, 15, 6))
    yanshi.send(at(MONDAY, 15, 6))
    lives_on(at(MONDAY, 15, 7))
    assert results(MONDAY)[ZHAO.number] == ""
    poison.mended()
    lives_on(at(MONDAY, 15, 3) + LATER)
    assert results(MONDAY)[ZHAO.number] == "√"
    assert not SettleDue.objects.exists()
    assert not alarms(DATES_SET_ASIDE)
    assert is_whole(at(MONDAY, 16))


def test_a_note_that_cannot_be_read_keeps_no_other_waiting(
    shili: LivedStation, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives_on(at(MONDAY, 7))
    real = changes._Reader._corrections

    def fails(self: Any, subjects: Collection[str]) -> None:
        if "0" in subjects:
            raise ValueError("a row that nobody expected")
        real(self, subjects)

    monkeypatch.setattr(changes._Reader, "_corrections", fails)
    for number in range(5):
        Change.objects.create(what="correction", subject=str(number))
    mark_due(at(MONDAY, 8))
    settle_due(at(MONDAY, 8))
    [note] = Change.objects.all()
    assert (note.subject, note.failed_at) == ("0", at(MONDAY, 8))
    [alarm] = alarms(DATES_SET_ASIDE)
    assert "1 处改动" in alarm.detail
    monkeypatch.setattr(changes._Reader, "_corrections", real)
    lives_on(at(MONDAY, 8) + LATER)
    assert not Change.objects.exists()
    assert not alarms(DATES_SET_ASIDE)


def test_that_the_database_is_away_sets_nothing_aside(
    shili: LivedStation, yanshi: LivedStation, poison: Poison
) -> None:
    lives_on(at(MONDAY, 7))
    poison.stations, poison.error = {YANSHI}, OperationalError("the connection is closed")
    day_is_over(yanshi, cards=[ZHAO.token])
    with pytest.raises(OperationalError):
        mark_due(at(MONDAY, 15, 3))
    assert not StationAside.objects.exists()
    assert not alarms(FACTS_SET_ASIDE)


def test_dates_of_a_village_that_take_too_long_to_try_are_set_aside_together(
    shili: LivedStation, yanshi: LivedStation, poison: Poison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "LONGEST_S", 0.0)
    poison.villages = {village_of(YANSHI_VILLAGE)}
    day_is_over(shili, cards=[ZHANG.token, LI.token])
    day_is_over(yanshi, cards=[ZHAO.token])
    mark_due(at(MONDAY, 15, 3))
    dates = SettleDue.objects.filter(village__code=YANSHI_VILLAGE).count()
    settle_due(at(MONDAY, 15, 3), rounds=1000)
    assert results(MONDAY) == {ZHANG.number: "√", LI.number: "√"}
    assert SettleDue.objects.filter(failed_at__isnull=False).count() == SettleDue.objects.count() == dates
    assert poison.tries < dates
    poison.mended()
    lives_on(at(MONDAY, 15, 3) + LATER)
    assert not SettleDue.objects.exists()
    assert results(MONDAY)[ZHAO.number] == "√"
    assert is_whole(at(MONDAY, 16))
