"""What a station says of learning beyond a measure is kept, lengthens no round, and counts if somebody decides so."""

import datetime as dt

import pytest
from django.utils import timezone

from protocol.packs import MAX_DRAW
from protocol.progress import LEVELS_A_DAY, REVIEWS_A_DAY
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.models import Attempt, LevelRun
from server_broker.learning.packs import publish_pack
from server_broker.progress import reading, surplus
from server_broker.progress.models import PersonDue, Surplus, SurplusDecision, Visit
from server_broker.progress.rounds import Rounds
from server_broker.progress.surplus import (
    A_DAY,
    AT_ONCE,
    OF_ONE,
    REMEMBERED,
    decide_surplus,
    set_surplus_apart,
    undecided,
    waiting_of,
)
from tests.cast import SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.learning.worlds import answered, at, ended, pack, take
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.progress.test_whose import KEY, enrolled, tries
from tests.server_broker.station_double import NOW, StationDouble, touch
from tests.server_broker.ways_in import Way, way

__all__ = ["way"]

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
MOST = 3


@pytest.fixture
def rounds(county: FictionalCounty) -> Rounds:
    publish_pack(pack(), key=KEY)
    return Rounds()


@pytest.fixture(autouse=True)
def small_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surplus, "AT_ONCE", dict.fromkeys(AT_ONCE, MOST))
    monkeypatch.setattr(surplus, "A_DAY", dict.fromkeys(A_DAY, 1))


def answers_of(county: FictionalCounty) -> int:
    return sum(len(one) for one in tries(county.people[ZHANG]).values())


def waiting() -> int:
    return waiting_of(undecided()).count


def flood(county: FictionalCounty, *, more: int) -> StationDouble:
    """A station that says as much as counts, and then more after another touch of the same card."""
    station = enrolled(county)
    station.add(touch(), *(answered(at(0, second), station.ref(1)) for second in range(1, MOST + 1)))
    take(BatchProcessor(clock=lambda: NOW), station)
    say_more(station, more)
    return station


def say_more(station: StationDouble, more: int, *, now: dt.datetime = LATER) -> None:
    first = len(station.sealed) + 1
    station.add(touch(60_000 * first), *(answered(at(1, first * 60 + n), station.ref(first)) for n in range(more)))
    take(BatchProcessor(clock=lambda: now), station, first=first)


def decided(through: dict[str, int], *, take_up: bool = True) -> int:
    station = Station.objects.get(pk=SHILI)
    return decide_surplus(station, take_up=take_up, through=through, reason="", actor="a", at=LATER)


def seen() -> dict[str, int]:
    return dict(waiting_of(undecided()).through)


def test_an_honest_kiosk_never_meets_the_measure_not_even_after_a_month_without_a_line() -> None:
    one, working_days = LEVELS_A_DAY * MAX_DRAW + REVIEWS_A_DAY, 22
    assert one <= OF_ONE
    answers, runs = "learning_attempt", "learning_levelrun"
    assert 12 * working_days * one + 31 * 450 <= AT_ONCE[answers]
    assert 12 * working_days * LEVELS_A_DAY <= AT_ONCE[runs]
    # It goes on as much each day, so that all of it comes back.
    assert 12 * one + 1_280 <= A_DAY[answers]
    assert A_DAY[runs] >= 12 * LEVELS_A_DAY
    assert all(AT_ONCE[table] <= A_DAY[table] * REMEMBERED for table in A_DAY)


def test_what_is_beyond_the_measure_counts_for_nobody_whatever_way_it_came(
    county: FictionalCounty, rounds: Rounds, way: Way
) -> None:
    station = enrolled(county)
    station.add(touch())
    for second in range(1, MOST + 6):
        run = f"run {second}"
        station.add(answered(at(0, second), station.ref(1), run=run), ended(at(0, second), station.ref(1), run=run))
    way(station, NOW)
    rounds.go_on(LATER)
    assert answers_of(county) == MOST
    assert (Attempt.objects.count(), LevelRun.objects.count()) == (MOST + 5, MOST + 5)
    assert sorted(undecided().values_list("rows_of", flat=True)) == ["learning_attempt", "learning_levelrun"]
    assert (waiting(), Alarm.objects.get(code="many_answers").station_id) == (10, SHILI)


def test_what_a_month_without_a_line_brings_counts_whatever_way_it_came(
    county: FictionalCounty, rounds: Rounds, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surplus, "AT_ONCE", dict.fromkeys(AT_ONCE, 31))
    station = enrolled(county)
    station.add(touch(), *(answered(at(day, 1), station.ref(1)) for day in range(31)))
    way(station, NOW + 31 * DAY)
    rounds.go_on(NOW + 31 * DAY)
    assert (answers_of(county), Surplus.objects.count()) == (31, 0)
    # And as much as ever on the days that follow, by its line.
    for day in range(32, 36):
        say_more(station, 1, now=NOW + day * DAY)
        assert set_surplus_apart(NOW + day * DAY) == 0
    say_more(station, 2, now=NOW + 36 * DAY)
    assert (set_surplus_apart(NOW + 36 * DAY), waiting()) == (1, 1), "what it used comes back by and by"


def test_what_it_used_comes_back_day_by_day(county: FictionalCounty, rounds: Rounds) -> None:
    station = flood(county, more=5)
    assert set_surplus_apart(LATER) == 1
    say_more(station, MOST, now=LATER + DAY)
    assert (set_surplus_apart(LATER + DAY), waiting()) == (1, 5 + MOST - 1), "a day gives one back"
    say_more(station, MOST, now=LATER + 5 * DAY)
    assert (set_surplus_apart(LATER + 5 * DAY), waiting()) == (0, 5 + MOST - 1)


def test_what_is_beyond_the_measure_is_kept_with_one_alarm(county: FictionalCounty, rounds: Rounds) -> None:
    flood(county, more=5)
    rounds.go_on(LATER)
    assert answers_of(county) == MOST
    assert Attempt.objects.count() == MOST + 5
    assert Visit.objects.count() == 1, "nothing counts of the second touch"
    assert (waiting(), Alarm.objects.get(code="many_answers").station_id) == (5, SHILI)
    assert set_surplus_apart(LATER) == 0, "once"
    rounds.go_on(LATER + DAY)
    assert (answers_of(county), Visit.objects.count()) == (MOST, 1), "the night finds no more"


def test_days_on_which_no_round_came_are_measured_too(county: FictionalCounty, rounds: Rounds) -> None:
    set_surplus_apart(LATER)
    flood(county, more=5)
    assert (set_surplus_apart(LATER + 4 * DAY), Surplus.objects.get().day) == (1, timezone.localdate(NOW))


def test_as_much_as_the_measure_is_not_set_apart(county: FictionalCounty, rounds: Rounds) -> None:
    flood(county, more=0)
    rounds.go_on(LATER)
    assert (answers_of(county), Surplus.objects.count(), Alarm.objects.count()) == (MOST, 0, 0)


@pytest.mark.parametrize("take_up", [True, False])
def test_one_decision_takes_all_of_it_up_or_throws_it_away(
    county: FictionalCounty, rounds: Rounds, take_up: bool
) -> None:
    flood(county, more=5)
    rounds.go_on(LATER)
    through = seen()
    assert decided({"learning_attempt": 1}, take_up=take_up) == 0, "nobody saw it"
    assert (decided(through, take_up=take_up), decided(through, take_up=take_up)) == (5, 0)
    rounds.go_on(LATER)
    assert answers_of(county) == (MOST + 5 if take_up else MOST)
    assert SurplusDecision.objects.get().taken_up is take_up
    assert (set_surplus_apart(LATER), undecided().count()) == (0, 0)


def test_what_came_after_the_page_waits_for_another_decision(county: FictionalCounty, rounds: Rounds) -> None:
    station = flood(county, more=5)
    rounds.go_on(LATER)
    through = seen()
    say_more(station, 4)
    assert decided(through) == SurplusDecision.objects.get().count == 5
    say_more(station, 3)
    rounds.go_on(LATER)
    assert (answers_of(county), waiting()) == (MOST + 5, 7)
    # Another one throws it away, and a third waits anew.
    assert decided(seen(), take_up=False) == 7
    say_more(station, 2)
    rounds.go_on(LATER)
    assert (answers_of(county), waiting()) == (MOST + 5, 2)


def test_of_one_touch_only_the_first_answers_are_read(
    county: FictionalCounty, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "OF_ONE", 2)
    flood(county, more=0)
    rounds.go_on(NOW)
    assert answers_of(county) == 2


def test_whoever_has_answered_very_much_rests_before_they_are_computed_again(
    county: FictionalCounty, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = enrolled(county)
    processor = BatchProcessor(clock=lambda: NOW)
    station.add(touch(), answered(at(0, 1), station.ref(1)), answered(at(0, 2), station.ref(1)))
    take(processor, station)
    monkeypatch.setattr("server_broker.progress.rounds.REST_FOR_EACH", dt.timedelta(seconds=30))
    rounds.go_on(NOW)
    station.add(answered(at(0, 3), station.ref(1)))
    take(processor, station, first=4)
    rounds.go_on(NOW + dt.timedelta(seconds=59))
    assert (answers_of(county), PersonDue.objects.count()) == (2, 1)
    rounds.go_on(NOW + dt.timedelta(seconds=60))
    assert (answers_of(county), PersonDue.objects.count()) == (3, 0)


def test_an_officer_sees_one_line_and_decides_on_the_page_of_too_many_requests(
    county: FictionalCounty, rounds: Rounds
) -> None:
    station = flood(county, more=5)
    rounds.go_on(LATER)
    officer, place = signed_in(TOWNSHIP_OFFICER), f"/requests/surplus/{SHILI}/"
    assert "多出的答题先不算" in words_of(text_of(officer, "/requests/"))
    page = text_of(officer, place)
    assert "有 5 条答题、闯关和选学先不算" in words_of(page)
    [last] = seen().values()
    assert f'name="learning_attempt" value="{last}"' in page
    say_more(station, 1)
    form = {"what": "take_up", "through": "0", "learning_attempt": str(last)}
    assert "5 条已照常办理" in officer.post(f"{place}decide/", form, follow=True).content.decode()
    assert AuditEntry.objects.get(action="learning.surplus_taken_up").detail["count"] == 5
    assert "多出的答题" not in text_of(officer, "/requests/")
    rounds.go_on(LATER)
    assert "1 条答题、闯关和选学" in words_of(text_of(officer, place))
