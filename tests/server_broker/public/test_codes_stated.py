"""A code opens a page when the station's own facts have come through the intake, and not before."""

import pytest

from protocol.facts import PhoneLinkShown
from protocol.phone_link import code_hash, new_code
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Card, Person
from server_broker.public.phone_links import LinkRefused, use_code
from server_broker.public.sessions import session_of
from tests.cast import SHILI_VILLAGE, ZHANG
from tests.server_broker.station_double import NOW, StationDouble, booted, moment, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(station: StationDouble) -> Person:
    """Somebody of the station's village, who holds the double's card."""
    person = Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)
    Card.objects.create(token=ZHANG.token, tail=ZHANG.tail, person=person, bound_at=NOW)
    return person


def test_what_a_station_states_opens_the_page(
    station: StationDouble, processor: BatchProcessor, person: Person
) -> None:
    code = new_code()
    station.add(booted(), touch())
    station.add(PhoneLinkShown(at=moment(), person=person.number, by=station.ref(2), code=code_hash(code)))
    with pytest.raises(LinkRefused, match="还没有收到"):
        use_code(code, now=NOW)
    processor.process_batch([station.facts_message()])
    session = session_of(use_code(code, now=NOW), NOW)
    assert session is not None
    assert session.person == person


def test_a_touch_that_was_held_proves_nothing(
    station: StationDouble, processor: BatchProcessor, person: Person
) -> None:
    code = new_code()
    station.add(booted())
    station.add_body(b"\x81\xa4kind\xa9of_later_")
    station.add(PhoneLinkShown(at=moment(), person=person.number, by=station.ref(2), code=code_hash(code)))
    processor.process_batch([station.facts_message()])
    with pytest.raises(LinkRefused, match="还没有读到您刚才的刷卡"):
        use_code(code, now=NOW)
