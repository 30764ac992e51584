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
from server_broker.guard.models import Permit
from server_broker.guard.permits import agree_permit, ask_permit, end_permit
from server_broker.guard.words import add_word
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.twin.desired import build
from tests.cast import OTHER_TOWNSHIP, SHILI, TOWNSHIP, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, signed_in, user_of
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


MOBILE = "13891712345"


def permitted(township: Region) -> Permit:
    """Somebody's own telephone, for which a second person has agreed."""
    permit = ask_permit(MOBILE, owner="王示例", region=township, reason="镇里同意公开", actor="chen", at=NOW)
    agree_permit(permit, reason="问过本人", actor="han", at=NOW)
    return permit


@pytest.mark.parametrize(
    ("name", "phone", "why"),
    [
        ("内部资料不得外传", "12345", "不能外传的字样"),
        ("张某一三八九一七一二三四五", "12345", "手机号"),
        (f"张某{MOBILE}", "12345", "手机号"),
        ("张1389171", "2345", "手机号"),
        ("张某", MOBILE, "手机号"),
        ("张某", f"0-{MOBILE}", "手机号"),
        ("张某", "1389171-2345", "手机号"),
        ("张某", f"17951-{MOBILE}", "手机号"),
        ("张\u202e某", "12345", "看不见的字符"),
    ],
)
def test_what_must_not_be_published_is_no_contact(county: FictionalCounty, name: str, phone: str, why: str) -> None:
    with pytest.raises(ContactRefused, match=why):
        set_contact(Region.objects.get(pk=TOWNSHIP), name, phone, actor=user_of(TOWNSHIP_OFFICER))
    assert not HelpContact.objects.exists()


@pytest.mark.parametrize("phone", ["0916-5234567", "5234567", "029-85234567-801", "12345", "110", "400-810-1234"])
def test_an_offices_telephone_needs_nobody_else(county: FictionalCounty, phone: str) -> None:
    set_contact(Region.objects.get(pk=TOWNSHIP), "党政办", phone, actor=user_of(TOWNSHIP_OFFICER))
    assert HelpContact.objects.get().phone == phone


def test_somebodys_own_telephone_needs_two_people(county: FictionalCounty) -> None:
    officer, township = user_of(TOWNSHIP_OFFICER), Region.objects.get(pk=TOWNSHIP)
    permit = permitted(Region.objects.get(pk=OTHER_TOWNSHIP))
    with pytest.raises(ContactRefused, match="公示把关"):
        set_contact(township, "王示例", MOBILE, actor=officer)
    own = permitted(township)
    set_contact(township, "王示例", MOBILE, actor=officer)
    assert HelpContact.objects.get().phone == MOBILE
    page = signed_in(TOWNSHIP_OFFICER)
    assert "请尽快改" not in page.get("/contacts/").content.decode()
    for ended in (permit, own):
        end_permit(ended, reason="换号码了", actor="chen", at=NOW)
    assert "请尽快改：里面有不能公开的内容：电话：像是手机号" in page.get("/contacts/").content.decode()


def test_a_word_of_the_countys_own_is_no_contact(county: FictionalCounty) -> None:
    add_word("示例密字", harmless=[], actor="chen", at=NOW)
    with pytest.raises(ContactRefused, match="不能外传的字样"):
        set_contact(Region.objects.get(pk=TOWNSHIP), "示例密字", "12345", actor=user_of(TOWNSHIP_OFFICER))
