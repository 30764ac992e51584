"""A PIN that a station tells of counts only after this person's own touch there; wrong tries count together."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.facts import NumberEntered, PinSet, Touch
from protocol.pins import PinVerifier
from protocol.units import FactRef, Moment
from server_broker.attendance.models import Touch as TouchRow
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Alarm, ShelfDue, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.cards import bind_card, end_binding, report_lost
from server_broker.people.models import Card, Person
from server_broker.pins.counting import tries_of
from server_broker.pins.models import NumberEntry, PersonPin, PinClaim
from server_broker.pins.verifiers import roster_of, verifier_of
from server_broker.pins.voiding import reset_pin, void_needless
from server_broker.platform.set_aside import Aside
from server_broker.twin.roster_source import roster_drafts
from tests.cast import LI, SHILI, SHILI_VILLAGE, WANG, ZHANG
from tests.server_broker.station_double import CARD, NOW, WALL, StationDouble, moment, touch

pytestmark = pytest.mark.django_db
MINUTE_MS = 60_000


def verifier(salt: bytes = b"salt-of-a-sample") -> PinVerifier:
    return PinVerifier(log2_n=1, r=1, p=1, salt=salt, digest=bytes(32))


def before(mono: int) -> Moment:
    """A moment an hour before the county receives it."""
    return moment(mono, wall=WALL - 60 * MINUTE_MS + mono)


def pin_set(
    by: FactRef | None, *, mono: int = 30_000, number: str = ZHANG.number, salt: bytes = b"salt-of-a-sample"
) -> PinSet:
    return PinSet(at=before(mono), person=number, verifier=verifier(salt), by=by)


def wrong(mono: int, *, number: str = ZHANG.number) -> NumberEntered:
    return NumberEntered(at=before(mono), person=number, answer="wrong_pin")


@pytest.fixture
def zhang(station: StationDouble) -> Person:
    person = Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)
    Card.objects.create(token=CARD, tail=ZHANG.tail, person=person, bound_at=NOW)
    return person


def hand_in(processor: BatchProcessor, station: StationDouble) -> None:
    processor.process_batch([station.facts_message()])


def refusals() -> list[str]:
    return list(PinClaim.objects.values_list("refused", flat=True))


def test_a_pin_after_ones_own_touch_is_accepted(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    station.add(touch(), pin_set(station.ref(1)))
    hand_in(processor, station)
    assert verifier_of(zhang) == verifier()
    assert (refusals(), Alarm.objects.count()) == ([""], 0)
    assert ShelfDue.objects.filter(station=SHILI).exists()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (lambda s: [touch(), pin_set(None)], "no_touch"),
        (lambda s: [touch(), pin_set(FactRef(epoch=bytes(16), seq=1))], "no_touch"),
        (lambda s: [pin_set(s.ref(2)), touch()], "no_touch"),
        (lambda s: [wrong(10), pin_set(s.ref(1))], "no_touch"),
        (lambda s: [touch(card=LI.token), pin_set(s.ref(1))], "other_card"),
        (lambda s: [touch(), pin_set(s.ref(1), mono=1_000 + 15 * MINUTE_MS + 1)], "too_long_ago"),
        (lambda s: [touch(50_000), pin_set(s.ref(1))], "too_long_ago"),
        (lambda s: [touch(), pin_set(s.ref(1), number="nobody")], "stranger"),
    ],
)
def test_a_pin_without_ones_own_touch_is_kept_with_the_reason_and_an_alarm(
    processor: BatchProcessor, station: StationDouble, zhang: Person, facts: "object", why: str
) -> None:
    station.add(*facts(station))  # type: ignore[operator]
    hand_in(processor, station)
    assert verifier_of(zhang) is None
    assert refusals() == [why]
    assert Alarm.objects.filter(station=SHILI, code="pin_refused").count() == 1


TOUCHED = NOW + dt.timedelta(seconds=1)
LATER, BEFORE = TOUCHED + dt.timedelta(hours=1), TOUCHED - dt.timedelta(hours=1)
LAST = TOUCHED + dt.timedelta(days=7)
"""When the station has a line again."""


def lost(card: Card, other: Person, since: dt.datetime) -> None:
    report_lost(card, actor="officer", since=since, now=LAST)


def handed_in(card: Card, other: Person, since: dt.datetime) -> None:
    end_binding(card, actor="officer", reason="换卡", since=since, now=LAST)


def another_persons(card: Card, other: Person, since: dt.datetime) -> None:
    end_binding(card, actor="officer", reason="换卡", since=since, now=LAST)
    bind_card(bytes(card.token), other, actor="officer", now=LAST)


@pytest.mark.parametrize("change", [lost, handed_in, another_persons])
@pytest.mark.parametrize(("since", "why"), [(LATER, ""), (BEFORE, "other_card")])
def test_a_card_speaks_for_whoever_held_it_at_the_touch_however_late_the_station_reports(
    processor: BatchProcessor,
    station: StationDouble,
    zhang: Person,
    change: Callable[[Card, Person, dt.datetime], None],
    since: dt.datetime,
    why: str,
) -> None:
    other = Person.objects.create(number=LI.number, name=LI.name, village_id=SHILI_VILLAGE)
    change(Card.objects.get(token=CARD), other, since)
    station.add(touch(), pin_set(station.ref(1)))
    hand_in(processor, station)
    assert refusals() == [why]
    assert verifier_of(zhang) == (None if why else verifier())
    assert Alarm.objects.filter(code="pin_refused").count() == (1 if why else 0)


def test_a_station_sets_no_pin_of_another_township(processor: BatchProcessor, station: StationDouble) -> None:
    from server_broker.regions.models import Region  # noqa: PLC0415

    Region.objects.get_or_create(code=WANG.village, defaults={"name": "样板村"})
    person = Person.objects.create(number=WANG.number, name=WANG.name, village_id=WANG.village)
    Card.objects.create(token=CARD, tail="0000", person=person, bound_at=NOW)
    station.add(touch(), pin_set(station.ref(1), number=WANG.number))
    hand_in(processor, station)
    assert (refusals(), verifier_of(person)) == (["stranger"], None)


def test_a_station_hears_which_of_its_pins_are_none(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    station.add(pin_set(None))
    hand_in(processor, station)
    [listed] = roster_of(SHILI_VILLAGE, numbers=True).people
    assert (listed.pin, listed.refused) == (None, [b"salt-of-a-sample"])


def test_a_station_that_takes_no_numbers_hears_which_pins_are_none(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    station.add(pin_set(None))
    hand_in(processor, station)
    at = timezone.now()
    reset_pin(zhang, actor="officer", reason="本人忘了密码", at=at)
    [listed] = roster_of(SHILI_VILLAGE, numbers=False).people
    assert (listed.refused, listed.voided) == ([b"salt-of-a-sample"], milliseconds(at))
    assert (listed.pin, listed.pin_set_at, listed.tries.fails, listed.may_number_sign_in) == (None, 0, 0, False)


def test_the_same_facts_twice_are_once(processor: BatchProcessor, station: StationDouble, zhang: Person) -> None:
    station.add(touch(), wrong(2_000), pin_set(station.ref(1)), wrong(40_000))
    hand_in(processor, station)
    hand_in(processor, station)
    assert tries_of([zhang])[zhang.pk].fails == 1
    assert PinClaim.objects.count() == 1


def test_wrong_tries_of_all_stations_count_together_and_travel_with_the_roster(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    station.add(touch(), pin_set(station.ref(1)), wrong(40_000), wrong(41_000))
    other.add(wrong(42_000), wrong(43_000))
    hand_in(processor, station)
    hand_in(processor, other)
    [listed] = roster_of(SHILI_VILLAGE, numbers=True).people
    assert (listed.tries.fails, listed.tries.last) == (4, before(43_000).wall)


def test_a_new_pin_begins_without_tries_and_late_facts_change_nothing(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    late = StationDouble(id="shili-02")
    late.enrol()
    station.add(touch(), wrong(2_000), pin_set(station.ref(1), mono=30_000))
    hand_in(processor, station)
    late.add(touch(500), wrong(3_000), pin_set(late.ref(1), mono=20_000, salt=b"an earlier salt."))
    hand_in(processor, late)
    assert (verifier_of(zhang), tries_of([zhang])) == (verifier(), {})


def test_a_number_counts_only_for_the_stations_people(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    clocked = NumberEntered(at=moment(1_000), person=ZHANG.number, answer="accepted", clocks=True, direction="in")
    stranger = NumberEntered(at=moment(2_000), person="nobody", answer="accepted", clocks=True)
    station.add(clocked, stranger)
    hand_in(processor, station)
    entries = NumberEntry.objects.order_by("seq").values_list("number", "clocks", "direction", "counts")
    assert list(entries) == [(ZHANG.number, True, "in", True), ("nobody", True, "", False)]
    assert Alarm.objects.filter(code="number_stranger").count() == 1
    touches = TouchRow.objects.order_by("seq").values_list("person_number", "answer")
    assert list(touches) == [(ZHANG.number, "recorded"), ("", "unknown")]


def test_what_many_strangers_numbers_and_pins_raise_costs_the_same_however_many_come_at_once(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    """The one worker has no time for a statement a fact, and one station may send thousands of these."""

    def statements_about_alarms(number: int) -> int:
        first = len(station.sealed) + 1
        for mono in range(number):
            entered = NumberEntered(at=moment(mono), person="nobody", answer="accepted", clocks=True)
            station.add(entered, pin_set(None, mono=mono))
        with CaptureQueriesContext(connection) as asked:
            processor.process_batch([station.facts_message(first)])
        return sum("fleet_alarm" in one["sql"] for one in asked)

    few = statements_about_alarms(2)
    assert statements_about_alarms(30) <= few
    assert dict(Alarm.objects.values_list("code", "count")) == {"number_stranger": 32, "pin_refused": 32}


def test_no_pin_leaves_the_county_where_numbers_are_not_taken(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    station.add(touch(), pin_set(station.ref(1)))
    hand_in(processor, station)
    [listed] = roster_of(SHILI_VILLAGE, numbers=False).people
    assert (listed.pin, listed.may_number_sign_in) == (None, False)
    row = Station.objects.get(pk=SHILI)
    [draft] = roster_drafts(row, NOW)
    [later] = roster_drafts(row, NOW + dt.timedelta(days=3))
    assert draft == later
    assert verifier().salt not in draft.content


def test_the_township_resets_a_pin_and_it_is_on_record(
    processor: BatchProcessor, station: StationDouble, zhang: Person
) -> None:
    station.add(touch(), pin_set(station.ref(1)), wrong(40_000))
    hand_in(processor, station)
    at = timezone.now()
    reset_pin(zhang, actor="officer", reason="本人忘了密码", at=at)
    assert verifier_of(zhang) is None
    [listed] = roster_of(SHILI_VILLAGE, numbers=True).people
    assert (listed.pin, listed.tries.fails, listed.voided) == (None, 0, milliseconds(at))
    entry = AuditEntry.objects.get(action="pin.reset")
    assert (entry.subject, entry.detail["reason"]) == (ZHANG.number, "本人忘了密码")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pins_personpin WHERE verifier IS NOT NULL")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("end", ["revoked", "left"])
def test_a_pin_ends_with_its_station_and_with_its_person(
    processor: BatchProcessor, station: StationDouble, zhang: Person, end: str
) -> None:
    station.add(touch(), pin_set(station.ref(1)))
    hand_in(processor, station)
    if end == "revoked":
        Station.objects.filter(pk=SHILI).update(revoked_at=NOW + dt.timedelta(hours=1))
    else:
        Person.objects.filter(pk=zhang.pk).update(left=True)
    zhang.refresh_from_db()
    assert verifier_of(zhang) is None, "at once, not only when the chore has run"
    aside = Aside[int]("voiding")
    assert void_needless(NOW + dt.timedelta(hours=2), aside) == 1
    assert PersonPin.objects.get().verifier is None
    assert void_needless(NOW + dt.timedelta(hours=3), aside) == 0


def test_the_events_page_shows_no_verifier(processor: BatchProcessor, station: StationDouble, zhang: Person) -> None:
    station.add(Touch(at=moment(), card=CARD, reader="x", answer="recorded"), pin_set(station.ref(1)))
    hand_in(processor, station)
    with connection.cursor() as cursor:
        cursor.execute("SELECT detail FROM fleet_stationevent WHERE kind = 'pin_set'")
        [(detail,)] = cursor.fetchall()
    assert '"verifier"' not in str(detail)
