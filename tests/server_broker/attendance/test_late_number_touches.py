"""A touch by number counts for whoever had that number at its time, however late its station tells of it."""

import datetime as dt
from collections.abc import Callable
from typing import Literal

import pytest
from django.utils import timezone

from protocol.facts import NumberEntered, PinSet
from protocol.facts import Touch as CardTouch
from protocol.pins import PinVerifier
from protocol.units import Moment
from server_broker.attendance.leaving import leave
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.changes import PersonRefused, change_person, register
from server_broker.people.models import Card, Person
from server_broker.pins.models import KioskTry, NumberEntry, PersonPin, PinClaim
from server_broker.regions.models import Region
from server_broker.rosters.roster_import import import_people
from tests.cast import LI, SHILI_VILLAGE, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.rosters.workbooks import book
from tests.server_broker.station_double import CARD, NOW, StationDouble

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
type Quality = Literal["synced", "unknown"]

TODAY = NOW.date()
"""The county hears of everything."""
CHANGED = TODAY - 10 * DAY
"""Something changed while the station was offline."""
BY, WHY = "officer", "照实登记"


def at(day: dt.date, hour: int = 9, *, quality: Quality = "synced", mono: int = 1_000) -> Moment:
    wall = timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
    return Moment(wall=round(wall.timestamp() * 1000), boot=bytes(16), mono=mono, quality=quality)


def entered(
    day: dt.date,
    *,
    number: str = ZHANG.number,
    answer: Literal["accepted", "wrong_pin"] = "accepted",
    quality: Quality = "synced",
) -> NumberEntered:
    return NumberEntered(at=at(day, quality=quality), person=number, answer=answer, clocks=answer == "accepted")


@pytest.fixture
def zhang(station: StationDouble) -> Person:
    Region.objects.get_or_create(code=YANGBAN_VILLAGE, defaults={"name": "样板村"})
    village = Region.objects.get(code=SHILI_VILLAGE)
    return register(ZHANG.number, ZHANG.name, village, actor="officer", since=TODAY - 60 * DAY)


def has_left(person: Person) -> None:
    leave(person, last=CHANGED - DAY, actor=BY, reason=WHY)


def moved(person: Person) -> None:
    change_person(person, since=CHANGED, village=Region.objects.get(code=YANGBAN_VILLAGE), actor=BY, reason=WHY)


def renumbered(person: Person) -> None:
    change_person(person, since=CHANGED, number="z9", actor=BY, reason=WHY)


def corrected(person: Person) -> None:
    """The number was wrong from the first day on."""
    change_person(person, since=TODAY - 60 * DAY, number="z9", actor=BY, reason=WHY)


CHANGES = (has_left, moved, renumbered, corrected)
CHANGE = pytest.mark.parametrize("change", CHANGES)


def whose() -> list[Person | None]:
    return [row.person for row in touch_rows(list(Touch.objects.all()))]


@CHANGE
def test_a_touch_from_before_the_change_counts_and_no_alarm_says_that_the_station_is_hostile(
    station: StationDouble, processor: BatchProcessor, zhang: Person, change: Callable[[Person], None]
) -> None:
    change(zhang)
    processor.process_batch([station.add(entered(CHANGED - 2 * DAY)).facts_message()])
    assert whose() == [zhang]
    assert list(NumberEntry.objects.values_list("counts", flat=True)) == [True]
    assert not Alarm.objects.exists()


@CHANGE
def test_an_undated_touch_counts_for_who_may_have_made_it(
    station: StationDouble, processor: BatchProcessor, zhang: Person, change: Callable[[Person], None]
) -> None:
    change(zhang)
    processor.process_batch([station.add(entered(CHANGED - 2 * DAY, quality="unknown")).facts_message()])
    assert whose() == [zhang]
    assert not Alarm.objects.exists()


def by_the_page(number: str, village: Region) -> str:
    li = register(LI.number, LI.name, village, actor=BY, since=TODAY - 5 * DAY)
    with pytest.raises(PersonRefused) as refused:
        change_person(li, since=TODAY, number=number, actor=BY, reason=WHY)
    return str(refused.value)


def by_registering(number: str, village: Region) -> str:
    with pytest.raises(PersonRefused) as refused:
        register(number, LI.name, village, actor=BY)
    return str(refused.value)


def by_a_list(number: str, village: Region) -> str:
    return str(*import_people(book({"人员": [(number, LI.name, village.code)]}), scope=village.code).errors)


@pytest.mark.parametrize("way", [by_the_page, by_registering, by_a_list])
@pytest.mark.parametrize("change", [renumbered, corrected])
def test_no_second_person_gets_the_number_so_a_late_touch_counts_for_who_had_it(
    station: StationDouble,
    processor: BatchProcessor,
    zhang: Person,
    change: Callable[[Person], None],
    way: Callable[[str, Region], str],
) -> None:
    change(zhang)
    refusal = way(ZHANG.number, zhang.village)
    assert refusal.removeprefix("人员 第 2 行：") == f"编号 {ZHANG.number} 是或曾是别人的，请换一个编号"
    processor.process_batch([station.add(entered(CHANGED - 2 * DAY), entered(CHANGED + DAY)).facts_message()])
    assert whose() == [zhang, zhang]


@pytest.mark.parametrize(("change", "counts"), [(has_left, False), (moved, True), (renumbered, True)])
def test_after_the_change_a_station_that_is_offline_goes_on_by_its_old_list(
    station: StationDouble,
    processor: BatchProcessor,
    zhang: Person,
    change: Callable[[Person], None],
    counts: bool,
) -> None:
    change(zhang)
    processor.process_batch([station.add(entered(CHANGED + DAY)).facts_message()])
    assert whose() == [zhang if counts else None]
    assert not Alarm.objects.exists()


def test_who_was_never_of_the_township_then_is_nobody_and_an_alarm_says_so(
    station: StationDouble, processor: BatchProcessor, zhang: Person
) -> None:
    there = Region.objects.get(code=YANGBAN_VILLAGE)
    stranger = register("b9", "样板某", there, actor="officer", since=TODAY - 60 * DAY)
    change_person(stranger, since=CHANGED, village=Region.objects.get(code=SHILI_VILLAGE), actor=BY, reason=WHY)
    processor.process_batch([station.add(entered(CHANGED - 2 * DAY, number="b9")).facts_message()])
    assert whose() == [None]
    assert Alarm.objects.filter(code="number_stranger").count() == 1


def pin_set(station: StationDouble, day: dt.date) -> PinSet:
    verifier = PinVerifier(log2_n=1, r=1, p=1, salt=b"salt-of-a-sample", digest=bytes(32))
    return PinSet(at=at(day, mono=2_000), person=ZHANG.number, verifier=verifier, by=station.ref(1))


@pytest.mark.parametrize(
    ("change", "day", "refused", "kept"),
    [
        (moved, CHANGED - 2 * DAY, "", True),
        (renumbered, CHANGED - 2 * DAY, "", True),
        (renumbered, CHANGED + DAY, "", True),
        (has_left, CHANGED - 2 * DAY, "", False),
        (moved, CHANGED + DAY, "gone", False),
    ],
)
def test_a_pin_is_judged_as_of_the_day_when_it_was_set(
    station: StationDouble,
    processor: BatchProcessor,
    zhang: Person,
    change: Callable[[Person], None],
    day: dt.date,
    refused: str,
    kept: bool,
) -> None:
    Card.objects.create(token=CARD, tail=ZHANG.tail, person=zhang, bound_at=timezone.now())
    change(zhang)
    station.add(CardTouch(at=at(day), card=CARD, reader="1", answer="recorded"), pin_set(station, day))
    processor.process_batch([station.facts_message()])
    assert list(PinClaim.objects.values_list("refused", flat=True)) == [refused]
    assert PersonPin.objects.filter(person=zhang).exclude(verifier=None).exists() is kept
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(("day", "fails"), [(CHANGED - 2 * DAY, 1), (CHANGED + DAY, 0)])
def test_a_wrong_try_counts_for_who_had_the_number_then(
    station: StationDouble, processor: BatchProcessor, zhang: Person, day: dt.date, fails: int
) -> None:
    moved(zhang)
    processor.process_batch([station.add(entered(day, answer="wrong_pin")).facts_message()])
    assert KioskTry.objects.filter(person=zhang).count() == fails
