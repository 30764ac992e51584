"""A code for one's telephone: only after a card, only while the county hears of it, and stated once."""

import msgspec
import pytest

from agent.kiosk.phone_codes import AFTER_TOUCH_MS, SHOWN_AGAIN_MS
from agent.storage.errors import StorageFull
from protocol.facts import PhoneLinkShown, Touch, VisitEnded
from protocol.kiosk import Sorry
from protocol.kiosk_visits import EndVisit, PhoneCode, ShowPhoneCode, VisitShown
from protocol.phone_link import LIFETIME_MS, code_hash, read_code
from protocol.units import FactRef
from tests.agent.bench import LI, ZHANG, Bench, desired
from tests.agent.kiosk.village_pins import ZHANG_PIN, enter, give_roster, open_by_card
from tests.fakes.clockwork import FakeSystemClock

DOOR = "https://door.example:8443"


@pytest.fixture
def open_station(station: Bench) -> Bench:
    """A connected station whose county has a front door."""
    station.accept(msgspec.structs.replace(desired(version=2), front_door=DOOR))
    station.home.link_changed("connected")
    return station


def asked(station: Bench, visit: VisitShown) -> object:
    [answer] = station.ask(ShowPhoneCode(visit=visit.visit))
    return answer


def test_a_code_is_shown_and_its_hash_is_stated(open_station: Bench) -> None:
    visit = open_by_card(open_station, ZHANG)
    assert "phone" in visit.can
    shown = asked(open_station, visit)
    assert isinstance(shown, PhoneCode)
    assert read_code(shown.code) == shown.code
    assert (shown.address, shown.lasts_ms) == (f"{DOOR}/K#{shown.code}", LIFETIME_MS)
    [fact] = open_station.of(PhoneLinkShown)
    [touched] = [ref for ref, one in open_station.recent_now() if isinstance(one, Touch)]
    assert (fact.person, fact.by, fact.code) == ("p1", touched, code_hash(shown.code))
    open_station.ask(EndVisit(visit=visit.visit))
    assert [ended.opened for ended in open_station.of(VisitEnded)] == [["phone"]]


def test_pressed_again_it_is_the_same_code_until_half_its_time(open_station: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(open_station, ZHANG)
    first = asked(open_station, visit)
    system.pass_ms(LIFETIME_MS - SHOWN_AGAIN_MS)
    again = asked(open_station, visit)
    assert isinstance(first, PhoneCode)
    assert isinstance(again, PhoneCode)
    assert (again.code, again.lasts_ms) == (first.code, SHOWN_AGAIN_MS)
    assert len(open_station.of(PhoneLinkShown)) == 1
    system.pass_ms(1)
    assert asked(open_station, visit) != again
    assert len(open_station.of(PhoneLinkShown)) == 2


def test_each_visit_has_its_own(open_station: Bench) -> None:
    first = asked(open_station, open_by_card(open_station, ZHANG))
    second = asked(open_station, open_by_card(open_station, LI))
    assert isinstance(first, PhoneCode)
    assert isinstance(second, PhoneCode)
    assert first.code != second.code
    assert [fact.person for fact in open_station.of(PhoneLinkShown)] == ["p1", "p2"]


def test_without_a_front_door_there_is_none(station: Bench) -> None:
    station.home.link_changed("connected")
    visit = open_by_card(station, ZHANG)
    assert "phone" not in visit.can
    assert asked(station, visit) == Sorry(reason="not_here", asked="show_phone_code")
    assert station.of(PhoneLinkShown) == []


def test_a_number_and_a_pin_give_none(open_station: Bench) -> None:
    """A telephone takes the same two, and somebody who saw them typed must not get further by them."""
    open_station.accept(msgspec.structs.replace(desired(version=9, settings={"number_sign_in": True}), front_door=DOOR))
    give_roster(open_station)
    visit = enter(open_station, ZHANG_PIN)
    assert isinstance(visit, VisitShown)
    assert "phone" not in visit.can
    assert asked(open_station, visit) == Sorry(reason="not_here", asked="show_phone_code")


def test_what_would_open_nothing_is_not_shown(open_station: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(open_station, ZHANG)
    open_station.home.link_changed("offline")
    assert asked(open_station, visit) == Sorry(reason="no_line", asked="show_phone_code")
    open_station.home.link_changed("connected")
    system.pass_ms(AFTER_TOUCH_MS + 1)
    assert asked(open_station, visit) == Sorry(reason="touch_again", asked="show_phone_code")
    assert open_station.of(PhoneLinkShown) == []
    open_station.touch(ZHANG)
    assert isinstance(asked(open_station, visit), PhoneCode)
    last = [ref for ref, fact in open_station.recent_now() if isinstance(fact, Touch)][-1]
    assert [fact.by for fact in open_station.of(PhoneLinkShown)] == [last]


def test_what_the_disk_does_not_take_is_not_shown(open_station: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = open_by_card(open_station, ZHANG)

    def full(*_: object, **__: object) -> list[FactRef]:
        raise StorageFull("no room on the disk")

    monkeypatch.setattr(open_station.fact_writer, "commit", full)
    assert asked(open_station, visit) == Sorry(reason="not_recorded", asked="show_phone_code")


def test_another_kiosk_gets_none(open_station: Bench) -> None:
    visit = open_by_card(open_station, ZHANG)
    assert open_station.ask(ShowPhoneCode(visit=visit.visit), kiosk=2) == [
        Sorry(reason="too_late", asked="show_phone_code")
    ]
