"""A PIN is set by keys and one's own card, never by keys alone, and not if anybody would guess it."""

from pathlib import Path
from typing import Any

import pytest

from agent.storage.errors import StorageFull
from protocol.bundle_contents import Roster, RosterPerson
from protocol.facts import PinSet, Touch
from protocol.kiosk_visits import EndVisit, PinAsked, SetPin, VisitShown
from protocol.pins import is_pin
from tests.agent.bench import LI, ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import (
    ZHANG_PIN,
    allow_numbers,
    enter,
    give_roster,
    open_by_card,
    refused,
)
from tests.fakes.clockwork import FakeSystemClock

NEW = "294613"


@pytest.fixture
def village(station: Bench) -> Bench:
    allow_numbers(station)
    return station


def pins(station: Bench) -> list[str]:
    return [answer.answer for answer in station.recorded.answers if isinstance(answer, PinAsked)]


def test_keys_and_ones_own_card_set_a_pin_that_holds_at_once(village: Bench) -> None:
    visit = open_by_card(village, ZHANG)
    assert village.ask(SetPin(visit=visit.visit, pin=NEW)) == [PinAsked(answer="touch_card")]
    assert village.of(PinSet) == []
    village.touch(ZHANG)
    (fact,) = village.of(PinSet)
    assert fact.person == "p1"
    assert is_pin(fact.verifier, NEW)
    assert fact.by is not None
    by = {(ref.epoch, ref.seq): one for ref, one in village.recent_now()}[fact.by.epoch, fact.by.seq]
    assert isinstance(by, Touch)
    assert by.answer == "repeat"
    assert pins(village)[-1] == "set"
    village.ask(EndVisit(visit=visit.visit))
    assert refused(village, ZHANG_PIN).answer == "wrong"
    assert isinstance(enter(village, NEW), VisitShown)


def test_a_new_pin_outlives_a_restart_until_the_county_has_it(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        allow_numbers(station)
        visit = open_by_card(station, ZHANG)
        station.ask(SetPin(visit=visit.visit, pin=NEW))
        station.touch(ZHANG)
        (fact,) = station.of(PinSet)
    with bench(tmp_path, system) as again:
        give_roster(again)
        assert isinstance(enter(again, NEW), VisitShown)
        give_roster(again, pin=fact.verifier, set_at=fact.at.wall)
        assert isinstance(enter(again, NEW), VisitShown)


@pytest.mark.parametrize("way", ["voided", "changed elsewhere", "not accepted"])
def test_the_countys_word_on_a_pin_that_was_set_here_holds(village: Bench, way: str) -> None:
    visit = open_by_card(village, ZHANG)
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    village.touch(ZHANG)
    (fact,) = village.of(PinSet)
    match way:
        case "voided":
            give_roster(village, voided=fact.at.wall)
        case "changed elsewhere":
            give_roster(village, set_at=fact.at.wall + 1)
        case _:
            give_roster(village, refused_pins=[fact.verifier.salt])
    assert refused(village, NEW).answer == "wrong"


def test_nobody_sets_a_pin_in_a_colleagues_open_visit(village: Bench) -> None:
    visit = open_by_card(village, ZHANG)
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    village.touch(LI)
    village.touch(ZHANG)
    assert village.of(PinSet) == []
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)


def test_a_touch_that_comes_too_late_sets_nothing(village: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(village, ZHANG)
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    system.pass_ms(30_001)
    village.touch(ZHANG)
    assert village.of(PinSet) == []
    assert pins(village)[-1] == "too_late"


@pytest.mark.parametrize(
    ("pin", "answer"), [("123456", "common"), ("888888", "common"), ("880001", "own_number"), (NEW, "touch_card")]
)
def test_what_anybody_would_guess_is_refused(village: Bench, pin: str, answer: str) -> None:
    visit = open_by_card(village, ZHANG)
    assert village.ask(SetPin(visit=visit.visit, pin=pin)) == [PinAsked(answer=answer)]


def test_a_short_number_spoils_no_pin(village: Bench) -> None:
    village.bundles.put("roster", Roster(people=[RosterPerson(id="p1", name="张示例", number="a1")]))
    visit = open_by_card(village, ZHANG)
    assert village.ask(SetPin(visit=visit.visit, pin="291613")) == [PinAsked(answer="touch_card")]


def test_a_visit_by_number_sets_no_pin_because_no_card_follows(village: Bench) -> None:
    visit = enter(village, ZHANG_PIN)
    assert isinstance(visit, VisitShown)
    assert "change_pin" not in visit.can


def test_a_new_pin_has_tries_of_its_own(village: Bench) -> None:
    for _ in range(5):
        refused(village, "604927")
    visit = open_by_card(village, ZHANG)
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    village.touch(ZHANG)
    assert isinstance(enter(village, NEW), VisitShown)


def test_a_pin_that_the_disk_does_not_take_is_not_set(village: Bench) -> None:
    visit = open_by_card(village, ZHANG)
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    setting = village.kiosk.pin_setting
    (running,) = [village.kiosk.visits.at(1)]
    assert running is not None
    village.outbox.error = StorageFull("no room")
    setting.touched(running, running.by)
    village.outbox.error = None
    assert pins(village)[-1] == "not_recorded"
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)


def test_no_digit_of_a_pin_is_on_the_disk(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(settings={"number_sign_in": True}))
        give_roster(station)
        visit = open_by_card(station, ZHANG)
        station.ask(SetPin(visit=visit.visit, pin=NEW))
        station.touch(ZHANG)
        enter(station, "604927")
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert NEW.encode() not in content
            assert b"604927" not in content


@pytest.mark.parametrize("way", ["voided", "refused"])
def test_where_no_numbers_are_taken_a_pin_that_is_none_is_no_longer_offered_for_a_change(
    village: Bench, way: str
) -> None:
    def told(**said: Any) -> None:
        """The roster of a station that takes no numbers: it has no PINs, but which ones are none."""
        village.bundles.put("roster", Roster(people=[RosterPerson(id="p1", name="张示例", number="880001", **said)]))

    told()
    visit = open_by_card(village, ZHANG)
    assert "set_pin" in visit.can
    village.ask(SetPin(visit=visit.visit, pin=NEW))
    village.touch(ZHANG)
    (fact,) = village.of(PinSet)
    village.ask(EndVisit(visit=visit.visit))
    visit = open_by_card(village, ZHANG)
    assert "change_pin" in visit.can
    village.ask(EndVisit(visit=visit.visit))
    told(voided=fact.at.wall) if way == "voided" else told(refused=[fact.verifier.salt])
    assert "set_pin" in open_by_card(village, ZHANG).can
