"""What a station says of learning beyond a measure is kept, lengthens no round, and counts if somebody decides so."""

import datetime as dt

import pytest
from django.utils import timezone

from protocol.packs import MAX_DRAW
from protocol.progress import LEVELS_A_DAY, REVIEWS_A_DAY
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import DayTaken
from server_broker.learning.models import Attempt
from server_broker.learning.packs import publish_pack
from server_broker.progress import reading, surplus
from server_broker.progress.models import PersonDue, Surplus, SurplusDecision, Visit
from server_broker.progress.rounds import Rounds
from server_broker.progress.surplus import A_DAY, OF_ONE, count_of, decide_surplus, set_surplus_apart, undecided
from tests.cast import SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.learning.worlds import answered, at, pack, take
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.progress.test_whose import KEY, enrolled, tries
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=1)
MOST = 3


@pytest.fixture
def rounds(county: FictionalCounty) -> Rounds:
    publish_pack(pack(), key=KEY)
    return Rounds()


@pytest.fixture(autouse=True)
def small_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surplus, "A_DAY", dict.fromkeys(A_DAY, MOST))


def answers_of(county: FictionalCounty) -> int:
    return sum(len(one) for one in tries(county.people[ZHANG]).values())


def flood(county: FictionalCounty, *, more: int) -> StationDouble:
    """A station that says as much as counts in a day, and then more after another touch of the same card."""
    station = enrolled(county)
    station.add(touch(), *(answered(at(0, second), station.ref(1)) for second in range(1, MOST + 1)))
    take(BatchProcessor(clock=lambda: NOW), station)
    first = len(station.sealed) + 1
    station.add(touch(60_000), *(answered(at(1, second), station.ref(first)) for second in range(more)))
    take(BatchProcessor(clock=lambda: LATER), station, first=first)
    DayTaken.objects.create(
        station_id=SHILI, day=timezone.localdate(NOW), facts=len(station.sealed), fact_bytes=0, blob_bytes=0
    )
    return station


def test_an_honest_kiosk_never_meets_the_measure() -> None:
    one = LEVELS_A_DAY * MAX_DRAW + REVIEWS_A_DAY
    assert one <= OF_ONE
    assert 12 * 10 * one <= A_DAY["learning_attempt"]
    assert A_DAY["learning_levelrun"] >= 12 * 10 * LEVELS_A_DAY


def test_what_is_beyond_the_measure_counts_for_nobody_and_is_kept_with_one_alarm(
    county: FictionalCounty, rounds: Rounds
) -> None:
    flood(county, more=5)
    rounds.go_on(LATER)
    assert answers_of(county) == MOST
    assert Attempt.objects.count() == MOST + 5
    assert Visit.objects.count() == 1, "nothing counts of the second touch"
    assert (count_of(undecided()), Alarm.objects.get(code="many_answers").station_id) == (5, SHILI)
    assert set_surplus_apart(LATER) == 0, "once"
    rounds.go_on(LATER + dt.timedelta(days=1))
    assert (answers_of(county), Visit.objects.count()) == (MOST, 1), "the night finds no more"


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
    station, waiting = Station.objects.get(pk=SHILI), undecided().get()

    def decided(through: int) -> int:
        return decide_surplus(station, take_up=take_up, through=through, reason="", actor="a", at=LATER)

    assert decided(waiting.pk - 1) == 0, "nobody saw it"
    assert (decided(waiting.pk), decided(waiting.pk)) == (5, 0)
    rounds.go_on(LATER)
    assert answers_of(county) == (MOST + 5 if take_up else MOST)
    assert SurplusDecision.objects.get().taken_up is take_up
    assert (set_surplus_apart(LATER), undecided().count()) == (0, 0)


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
    flood(county, more=5)
    rounds.go_on(LATER)
    officer, place = signed_in(TOWNSHIP_OFFICER), f"/requests/surplus/{SHILI}/"
    assert "多出的答题先不算" in words_of(text_of(officer, "/requests/"))
    assert "另有 5 条答题、闯关和选学先不算" in words_of(text_of(officer, place))
    form = {"what": "take_up", "through": "0", "learning": str(undecided().get().pk)}
    assert "5 条已照常办理" in officer.post(f"{place}decide/", form, follow=True).content.decode()
    assert AuditEntry.objects.get(action="learning.surplus_taken_up").detail["count"] == 5
    assert "多出的答题" not in text_of(officer, "/requests/")
