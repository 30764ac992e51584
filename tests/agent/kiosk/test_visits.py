"""A visit is at one kiosk, belongs to whoever touched last, and leaves nothing behind."""

from pathlib import Path

import msgspec
import pytest

from protocol.facts import Touch, VisitEnded
from protocol.kiosk import Sorry
from protocol.kiosk_learning import MapShown, OpenMap
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown
from tests.agent.bench import LI, LOST, STRANGER, ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import allow_numbers, enter, open_by_card
from tests.fakes.clockwork import FakeSystemClock

TOO_LATE, NOT_YOURS = Sorry(reason="too_late", asked="open_visit"), Sorry(reason="too_late", asked="open_map")


def test_a_card_opens_a_visit_where_the_key_is_pressed_and_is_a_touch(station: Bench) -> None:
    shown = station.touch(ZHANG)
    assert (shown.answer, len(shown.visit)) == ("recorded", 16)
    opened = station.ask(OpenVisit(visit=shown.visit), kiosk=2)
    assert opened == [
        VisitShown(
            visit=shown.visit,
            name="张示例",
            opened_by="card",
            can=["month", "requests", "ask", "learning", "set_pin", "feedback"],
        )
    ]
    assert [touch.answer for touch in station.of(Touch)] == ["recorded"]
    everybody = [what for who, what in station.recorded.order if who == "kiosk"]
    assert not any(isinstance(what, VisitShown | MapShown) for what in everybody)


def test_only_the_newest_touch_opens_a_visit_and_only_once_and_soon(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG).visit
    second = station.touch(LI).visit
    assert station.ask(OpenVisit(visit=first)) == [TOO_LATE]
    assert isinstance(station.ask(OpenVisit(visit=second))[0], VisitShown)
    assert station.ask(OpenVisit(visit=second), kiosk=2) == [TOO_LATE]
    system.pass_ms(200_000)
    third = station.touch(ZHANG).visit
    system.pass_ms(30_001)
    assert station.ask(OpenVisit(visit=third)) == [TOO_LATE]


@pytest.mark.parametrize("card", [STRANGER, LOST])
def test_a_card_that_is_nobodys_opens_nothing(station: Bench, card: str) -> None:
    assert station.touch(card).visit == ""


@pytest.mark.parametrize("card", [LI, STRANGER, LOST])
def test_another_card_ends_the_visit_before_its_own_screen_comes(station: Bench, card: str) -> None:
    visit = open_by_card(station, ZHANG, kiosk=2)
    before = len(station.recorded.order)
    station.touch(card)
    shown = [(who, what) for who, what in station.recorded.order[before:] if who.startswith("kiosk")]
    assert shown[0] == ("kiosk 2", VisitShown(visit=visit.visit, ended="card"))
    assert shown[1][0] == "kiosk"
    assert station.ask(OpenMap(visit=visit.visit), kiosk=2) == [NOT_YOURS]


def test_ones_own_card_does_not_end_ones_visit(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    assert station.touch(ZHANG).visit == ""
    assert isinstance(station.ask(OpenMap(visit=visit.visit))[0], MapShown)


def test_what_is_ones_own_is_shown_at_ones_own_kiosk(station: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(station, ZHANG, kiosk=2)
    wanted = OpenMap(visit=visit.visit)
    assert [type(what) for what in station.ask(wanted, kiosk=2)] == [MapShown]
    assert station.ask(wanted, kiosk=1) == [NOT_YOURS]


def test_a_visit_that_opened_something_is_told_of(station: Bench, system: FakeSystemClock) -> None:
    quiet = open_by_card(station, ZHANG)
    station.ask(EndVisit(visit=quiet.visit))
    assert station.of(VisitEnded) == []
    visit = open_by_card(station, LI)
    station.ask(OpenMap(visit=visit.visit))
    system.pass_ms(40_000)
    assert station.ask(EndVisit(visit=visit.visit, why="time")) == [VisitShown(visit=visit.visit, ended="time")]
    (ended,) = station.of(VisitEnded)
    assert (ended.person, ended.opened, ended.why, ended.seconds) == ("p2", ["learning"], "time", 40)
    refs = {(ref.epoch, ref.seq): fact for ref, fact in station.recent_now()}
    assert isinstance(refs[ended.by.epoch, ended.by.seq], Touch)


def test_a_visit_ends_with_its_kiosk_with_its_person_and_after_a_long_silence(
    station: Bench, system: FakeSystemClock
) -> None:
    gone = open_by_card(station, ZHANG, kiosk=2)
    station.kiosk.visits.kiosk_left(2)
    assert station.ask(OpenMap(visit=gone.visit), kiosk=2) == [NOT_YOURS]
    hung = open_by_card(station, LI)
    system.pass_ms(900_001)
    station.kiosk.visits.tick()
    assert station.recorded.answers[-1] == VisitShown(visit=hung.visit, ended="time")
    left = open_by_card(station, ZHANG)
    everybody = desired(version=2)
    station.accept(msgspec.structs.replace(everybody, people=everybody.people[1:], cards=[], windows=[]))
    station.kiosk.visits.tick()
    assert station.recorded.answers[-1] == VisitShown(visit=left.visit, ended="county")


def test_a_restart_knows_no_visit(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        station.kiosk.visits.stop()
        assert station.recorded.answers[-1] == VisitShown(visit=visit.visit, ended="restart")
        killed = open_by_card(station, LI)
    with bench(tmp_path, system) as again:
        assert again.ask(OpenMap(visit=killed.visit)) == [NOT_YOURS]


def test_two_people_visit_at_two_kiosks_by_number(station: Bench) -> None:
    allow_numbers(station)
    one, other = enter(station, "508213"), enter(station, "731946", number="880002", kiosk=2)
    assert isinstance(one, VisitShown)
    assert isinstance(other, VisitShown)
    assert (one.name, other.name) == ("张示例", "李示例")
    assert station.ask(OpenMap(visit=one.visit), kiosk=2) == [NOT_YOURS]


def test_a_kiosk_that_takes_anothers_place_ends_its_own_visit_first(station: Bench) -> None:
    allow_numbers(station)
    one, other = enter(station, "508213"), enter(station, "731946", number="880002", kiosk=2)
    assert isinstance(one, VisitShown)
    assert isinstance(other, VisitShown)
    before = len(station.recorded.answers)
    station.kiosk.visits.move(1, 2)
    assert station.recorded.answers[before:] == [VisitShown(visit=other.visit, ended="left"), one]
    assert station.ask(OpenMap(visit=other.visit), kiosk=2) == [NOT_YOURS]
    assert station.kiosk.visits.at(1) is None
