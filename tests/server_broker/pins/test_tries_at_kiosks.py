"""Of the wrong tries that a station states those count that a station would have judged, until it is revoked."""

import datetime as dt

import pytest
from django.utils import timezone

from protocol.facts import NumberEntered
from protocol.pin_tries import FIRST_LOCK_MS, LOCKS_AT, MOST_PEOPLE_A_DAY, NO_TRIES, PinTries, failed, locked_ms
from server_broker.fleet.models import Alarm, ShelfDue, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Person
from server_broker.pins import accepting, counting
from server_broker.pins.cleaning import drop_old_entries
from server_broker.pins.counting import drop_tries_of_revoked, tries_of
from server_broker.pins.models import KioskTry
from server_broker.pins.verifiers import roster_of
from server_broker.pins.voiding import reset_pin
from tests.cast import SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.station_double import WALL, StationDouble, moment

pytestmark = pytest.mark.django_db
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BEYOND = "pin_tries_beyond"


@pytest.fixture
def zhang(station: StationDouble) -> Person:
    return Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)


@pytest.fixture
def other(station: StationDouble) -> StationDouble:
    double = StationDouble(id="shili-02")
    double.enrol()
    return double


def wrong(ago_ms: int, *, number: str = ZHANG.number) -> NumberEntered:
    """A wrong try so long before the county receives it."""
    return NumberEntered(at=moment(1, wall=WALL - ago_ms), person=number, answer="wrong_pin")


def hand_in(processor: BatchProcessor, station: StationDouble, *facts: NumberEntered) -> None:
    station.add(*facts)
    processor.process_batch([station.facts_message()])


def lock_ms(person: Person) -> int:
    return locked_ms(tries_of([person]).get(person.pk, NO_TRIES), WALL)


def test_twenty_tries_at_once_lock_for_an_hour_and_raise_an_alarm(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    hand_in(processor, station, *(wrong(20 - number) for number in range(20)))
    assert tries_of([zhang])[zhang.pk].fails == LOCKS_AT
    assert 0 < lock_ms(zhang) <= FIRST_LOCK_MS
    alarm = Alarm.objects.get(code=BEYOND)
    assert (alarm.station_id, "多 15 次" in alarm.detail) == (SHILI, True)


def test_tries_that_are_dated_back_lock_no_longer_than_the_rule(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    hours = 12 * 24
    hand_in(processor, station, *(wrong((hours - hour) * HOUR_MS) for hour in range(hours)))
    tries, now, judged = NO_TRIES, WALL - hours * HOUR_MS, 0
    while now < WALL:
        if not locked_ms(tries, now):
            tries, judged = failed(tries, now), judged + 1
        now += HOUR_MS
    assert KioskTry.objects.count() == judged == 13
    assert tries_of([zhang])[zhang.pk] == tries


def test_what_an_honest_station_judged_counts_whole_and_raises_nothing(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    tries, now = NO_TRIES, WALL - 3 * DAY_MS
    for turn in range(10):
        tries = failed(tries, now)
        # It is stated when it was judged, which takes a moment; the next one may be judged faster.
        hand_in(processor, station, wrong(WALL - now - 900 * (turn % 2)))
        now += 1 + locked_ms(tries, now)
    assert tries_of([zhang])[zhang.pk].fails == tries.fails == 10
    assert not Alarm.objects.filter(code=BEYOND).exists()


def test_a_station_locks_few_people_a_day(processor: BatchProcessor, station: StationDouble, zhang: Person) -> None:
    people = [Person.objects.create(number=f"B{number}", name="示例", village_id=SHILI_VILLAGE) for number in range(12)]
    facts = [wrong(100, number=person.number) for person in people for _ in range(LOCKS_AT)]
    hand_in(processor, station, *facts)
    assert set(tries_of(people)) == {person.pk for person in people[:MOST_PEOPLE_A_DAY]}
    assert Alarm.objects.filter(code=BEYOND, station=SHILI).count() == 1


def test_no_time_of_the_past_is_filled_after_a_later_one_was_stated(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    hand_in(processor, station, *(wrong(0) for _ in range(LOCKS_AT)))
    locked = tries_of([zhang])
    hand_in(processor, station, *(wrong(days * DAY_MS) for days in range(1, 30)))
    assert tries_of([zhang]) == locked


def test_another_stations_late_try_ends_no_lock(
    processor: BatchProcessor, station: StationDouble, other: StationDouble, zhang: Person
) -> None:
    hand_in(processor, station, *(wrong(10 - number) for number in range(LOCKS_AT)))
    locked = tries_of([zhang])[zhang.pk]
    hand_in(processor, other, wrong(365 * DAY_MS))
    assert tries_of([zhang])[zhang.pk] == locked, "what a year has taken away"
    hand_in(processor, other, wrong(DAY_MS))
    assert tries_of([zhang])[zhang.pk] == PinTries(fails=locked.fails + 1, last=locked.last)


def test_revoking_a_station_takes_its_tries_back(
    processor: BatchProcessor, station: StationDouble, other: StationDouble, zhang: Person
) -> None:
    hand_in(processor, station, *(wrong(10 - number) for number in range(LOCKS_AT)))
    hand_in(processor, other, wrong(5))
    now = timezone.now()
    Station.objects.filter(pk=SHILI).update(revoked_at=now)
    [listed] = roster_of(SHILI_VILLAGE, numbers=True).people
    assert listed.tries.fails == 1, "at once, not only when the chore has run"
    ShelfDue.objects.all().delete()
    assert drop_tries_of_revoked(now) == LOCKS_AT
    assert ShelfDue.objects.filter(station="shili-02").exists(), "the village's other kiosks must hear of it"
    ShelfDue.objects.all().delete()
    assert drop_tries_of_revoked(now) == 0
    assert not ShelfDue.objects.exists()
    hand_in(processor, station, wrong(1))
    assert tries_of([zhang])[zhang.pk].fails == 1


def test_a_try_from_before_a_reset_that_comes_late_does_not_count(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    reset_at = dt.datetime.fromtimestamp((WALL - HOUR_MS) / 1000, dt.UTC)
    reset_pin(zhang, actor="officer", reason="本人忘了密码", at=reset_at)
    hand_in(processor, station, wrong(2 * HOUR_MS), wrong(2 * HOUR_MS - 1))
    assert tries_of([zhang]) == {}
    hand_in(processor, station, wrong(HOUR_MS - 1))
    assert tries_of([zhang])[zhang.pk].fails == 1


def test_many_tries_mark_their_village_once_and_those_that_do_not_count_mark_nothing(
    processor: BatchProcessor, station: StationDouble, zhang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked: list[list[str]] = []

    def mark(villages: set[str], *, at: dt.datetime) -> None:
        marked.append(sorted(villages))

    monkeypatch.setattr(accepting, "mark_villages", mark)
    hand_in(processor, station, *(wrong(10 - number) for number in range(10)))
    hand_in(processor, station, wrong(0))
    assert marked == [[SHILI_VILLAGE], []]


def test_tries_are_deleted_when_they_count_no_longer(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    hand_in(processor, station, wrong(0))
    assert drop_old_entries(timezone.now()) == 0
    assert drop_old_entries(dt.datetime.fromtimestamp(WALL / 1000, dt.UTC) + counting.TRIES_KEPT * 1.01) >= 1
    assert not KioskTry.objects.exists()
