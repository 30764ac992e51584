"""Who clocks in by number and PIN has a touch, marked so; who signs in by number to read has none."""

import datetime as dt
from typing import Literal

import pytest
from django.utils import timezone

from protocol.facts import DirectionChosen, NumberEntered
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.console.queries import unbound
from server_broker.fleet.models import StationEvent
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.changes import change_person
from server_broker.people.existence import on_file_since
from server_broker.people.models import Person
from server_broker.public.month import month_of
from tests.cast import COUNTY_OFFICER, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.station_double import StationDouble, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(station: StationDouble) -> Person:
    return Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)


def entered(answer: Literal["accepted", "wrong_pin"] = "accepted", *, clocks: bool = True) -> NumberEntered:
    return NumberEntered(at=moment(), person=ZHANG.number, answer=answer, clocks=clocks, direction="in")


def test_who_clocks_in_by_number_has_a_touch(station: StationDouble, processor: BatchProcessor, person: Person) -> None:
    processor.process_batch([station.add(entered()).facts_message()])
    [row] = touch_rows(list(Touch.objects.all()))
    assert (row.person, row.direction, row.outcome, row.touch.answer) == (person, "in", "recorded", "recorded")
    assert not unbound(Touch.objects.all()).exists()


def test_who_only_reads_or_is_not_let_in_has_none(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.add(entered(clocks=False), entered("wrong_pin")).facts_message()])
    assert not Touch.objects.exists()
    assert StationEvent.objects.filter(kind="number_entered").count() == 2


def test_its_direction_can_be_corrected_like_a_card_s(
    station: StationDouble, processor: BatchProcessor, person: Person
) -> None:
    station.add(entered(), DirectionChosen(at=moment(), touch=station.ref(1), direction="out"))
    processor.process_batch([station.facts_message()])
    [row] = touch_rows(list(Touch.objects.all()))
    assert row.direction == "out"


def test_a_number_that_is_nobody_s_here_is_shown_without_a_name(
    station: StationDouble, processor: BatchProcessor
) -> None:
    processor.process_batch([station.add(entered()).facts_message()])
    [row] = touch_rows(list(Touch.objects.all()))
    assert row.person is None


def test_the_page_and_the_person_s_month_show_it() -> None:
    county = make_county()
    person = Person.objects.get(number=ZHANG.number)
    now = timezone.now()
    Touch.objects.create(
        station=county.stations["shili-01"],
        epoch=bytes(16),
        seq=1,
        card_token=b"",
        person_number=ZHANG.number,
        wall=now,
        quality="synced",
        boot=bytes(16),
        mono_ms=1,
        received_at=now,
        reader="number",
        answer="recorded",
        direction="in",
    )
    html = signed_in(COUNTY_OFFICER).get("/today/").content.decode()
    assert "编号打卡" in html
    assert ZHANG.name in html
    assert month_of(person, now).count == 1


def test_a_new_number_takes_no_touch_away_and_gives_none_to_the_next_who_has_the_old_one(
    station: StationDouble, processor: BatchProcessor, person: Person
) -> None:
    processor.process_batch([station.add(entered()).facts_message()])
    on_file_since(person, dt.date(2026, 1, 1), actor="anybody", reason="补录")
    change_person(person, since=timezone.localdate(), number="z9", actor="anybody", reason="编号重排")
    [row] = touch_rows(list(Touch.objects.all()))
    assert row.person == person
    Person.objects.create(number=ZHANG.number, name="王示例", village_id=SHILI_VILLAGE)
    [row] = touch_rows(list(Touch.objects.all()))
    assert row.person == person
