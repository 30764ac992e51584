"""Whoever acknowledges a call for help is told to the station, and so is whom people there may telephone."""

import datetime as dt

import pytest

from protocol.facts import HelpAsked
from protocol.twin import Contact
from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.feedback.contacts import ContactRefused, set_contact
from server_broker.feedback.models import HelpContact
from server_broker.fleet.alarms import acknowledge
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.twin.desired import build
from tests.cast import SHILI, TOWNSHIP, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.station_double import NOW, StationDouble, moment

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=3)


def call(station: StationDouble, mono: int, at: dt.datetime) -> None:
    station.add(HelpAsked(at=moment(mono), screen="help"))
    BatchProcessor(clock=lambda: at).process_batch([station.facts_message(len(station.sealed))])


def test_who_has_seen_a_call_is_told_to_its_station_and_the_next_call_is_a_new_alarm(station: StationDouble) -> None:
    region = Region.objects.create(code=TOWNSHIP, name="示例镇")
    person = Person.objects.create(number="a9", name="王示例", village_id=Station.objects.get(pk=station.id).village_id)
    officer = User.objects.create(username="officer", role="officer", region=region, person=person)
    call(station, 1, NOW)
    call(station, 2, NOW)
    row = Station.objects.get(pk=station.id)
    assert build(row, version=1, now=NOW).help is None
    acknowledge(Alarm.objects.get(), by=officer, at=LATER)
    seen = build(row, version=1, now=NOW).help
    assert seen is not None
    assert (seen.asked, seen.by) == (station.ref(2), "示例镇 王示例")
    assert seen.seen == round(LATER.timestamp() * 1000)
    call(station, 3, LATER + dt.timedelta(minutes=1))
    [alarm] = Alarm.objects.filter(resolved_at=None)
    assert alarm.acknowledged_at is None
    assert build(row, version=1, now=NOW).help == seen


def test_a_townships_telephone_reaches_its_stations_alone(county: FictionalCounty) -> None:
    officer, township = user_of(TOWNSHIP_OFFICER), Region.objects.get(pk=TOWNSHIP)
    set_contact(township, "王示例", "000-12345678", actor=officer)
    told = build(county.stations[SHILI], version=1, now=NOW)
    assert told.contact == Contact(name="王示例", phone="000-12345678")
    assert build(county.stations[YANGBAN], version=1, now=NOW).contact is None
    set_contact(township, "", "", actor=officer)
    assert build(county.stations[SHILI], version=1, now=NOW).contact is None
    assert AuditEntry.objects.filter(action="contact.set", subject=TOWNSHIP).count() == 2


@pytest.mark.parametrize(
    ("name", "phone"),
    [("王示例", ""), ("", "12345"), ("王" * 17, "12345"), ("王", "一二三"), ("王", "-1"), ("王", "440524198001010013")],
)
def test_a_telephone_that_no_kiosk_could_show_is_refused(county: FictionalCounty, name: str, phone: str) -> None:
    with pytest.raises(ContactRefused):
        set_contact(Region.objects.get(pk=TOWNSHIP), name, phone, actor=user_of(TOWNSHIP_OFFICER))
    assert not HelpContact.objects.exists()
