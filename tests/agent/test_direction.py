"""The direction comes from the duty windows; whoever touches the same card again within 10 s can correct it."""

from pathlib import Path

import pytest

from agent.events import CardTouched
from protocol.facts import DirectionChosen, Touch
from protocol.kiosk import ChooseDirection, Sorry, TouchShown
from protocol.units import Direction, FactRef
from tests.agent.bench import LI, LOST, STRANGER, ZHANG, Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def test_a_touch_in_the_arrival_span_is_an_arrival(station: Bench) -> None:
    shown = station.touch(ZHANG)
    assert (shown.colour, shown.answer, shown.name, shown.direction) == ("green", "recorded", "张示例", "in")
    assert shown.missing == ["departure"]
    assert station.of(Touch)[0].direction == "in"


def test_a_touch_in_the_departure_span_is_a_departure(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(3 * HOUR_MS)
    shown = station.touch(ZHANG)
    assert shown.direction == "out"
    assert shown.missing == ["arrival"]


def test_outside_every_span_it_is_recorded_without_direction(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(14 * HOUR_MS)
    shown = station.touch(ZHANG)
    assert (shown.answer, shown.direction) == ("recorded", None)


def test_a_first_touch_says_how_it_is_corrected_and_lets_nobody_do_it(station: Bench) -> None:
    shown = station.touch(ZHANG)
    assert (shown.again_within_ms, shown.choose_within_ms) == (10_000, 0)
    choose(station, shown, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=shown.touch)]
    assert station.of(DirectionChosen) == []


def test_the_owners_second_touch_offers_the_correction_of_the_first(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG)
    system.pass_ms(10_000)
    again = station.touch(ZHANG)
    assert (again.answer, again.touch, again.choose_within_ms) == ("repeat", first.touch, 10_000)
    system.pass_ms(10_000)
    choose(station, again, "out")
    assert [(fact.touch, fact.direction) for fact in station.of(DirectionChosen)] == [(first.touch, "out")]
    shown = station.recorded.touches[-1]
    assert (shown.direction, shown.corrected, shown.choose_within_ms) == ("out", True, 0)
    system.pass_ms(5_000)
    assert station.touch(ZHANG).direction == "out"


def test_a_second_touch_after_10_s_offers_nothing(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(10_001)
    again = station.touch(ZHANG)
    assert (again.answer, again.touch, again.again_within_ms, again.choose_within_ms) == ("repeat", None, 0, 0)


def test_a_third_touch_offers_it_once_more(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG)
    for _ in range(2):
        system.pass_ms(9_000)
        again = station.touch(ZHANG)
        assert (again.touch, again.choose_within_ms) == (first.touch, 10_000)


def test_10_s_after_the_second_touch_it_is_too_late(station: Bench, system: FakeSystemClock) -> None:
    again = touched_twice(station)
    system.pass_ms(10_001)
    choose(station, again, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch)]
    assert station.of(DirectionChosen) == []


@pytest.mark.parametrize("next_card", [LI, LOST, STRANGER, "no card has this number"])
def test_what_the_screen_no_longer_shows_is_not_corrected(station: Bench, next_card: str) -> None:
    again = touched_twice(station)
    station.touch(next_card)
    choose(station, again, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch)]
    assert station.of(DirectionChosen) == []


def test_one_persons_offer_corrects_nobody_else(station: Bench) -> None:
    other = station.touch(LI)
    again = touched_twice(station)
    choose(station, other, "out")
    assert station.of(DirectionChosen) == []
    choose(station, again, "out")
    assert [fact.touch for fact in station.of(DirectionChosen)] == [again.touch]


def test_a_second_touch_gives_one_correction(station: Bench) -> None:
    again = touched_twice(station)
    choose(station, again, "out")
    choose(station, again, "in")
    assert [fact.direction for fact in station.of(DirectionChosen)] == ["out"]


def test_touches_committed_together_offer_what_the_last_of_them_shows(station: Bench) -> None:
    station.desk.cards_touched([CardTouched(uid, "fake") for uid in (ZHANG, ZHANG, LI)])
    zhang, again, li = station.recorded.touches
    assert (again.touch, again.choose_within_ms, li.choose_within_ms) == (zhang.touch, 10_000, 0)
    choose(station, again, "out")
    assert station.of(DirectionChosen) == []


def choose(station: Bench, shown: TouchShown, direction: Direction) -> None:
    assert shown.touch is not None
    station.desk.choose_direction(1, ChooseDirection(touch=shown.touch, direction=direction))


def touched_twice(station: Bench) -> TouchShown:
    station.touch(ZHANG)
    return station.touch(ZHANG)


def test_without_the_time_nothing_is_guessed_and_the_person_says(tmp_path: Path, system: FakeSystemClock) -> None:
    """The clock began where the power failed in the morning; it may be noon by now."""
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        shown = station.touch(ZHANG)
        assert (shown.answer, shown.direction, shown.missing) == ("recorded", None, [])
        again = station.touch(ZHANG)
        assert again.direction is None
        choose(station, again, "out")
        assert station.touch(ZHANG).direction == "out"


def test_a_touch_has_its_direction_once_its_boot_knows_the_time(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        assert station.touch(ZHANG).direction is None
        station.clock.county_said(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        assert station.touch(ZHANG).direction == "in"


def test_a_touch_of_an_earlier_boot_can_not_be_corrected(tmp_path: Path) -> None:
    system = FakeSystemClock(mono_ms=1_000)
    with bench(tmp_path, system) as before:
        before.accept(desired())
        ref = touched_twice(before).touch
    assert ref is not None
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as after:
        after.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
        assert after.recorded.answers == [Sorry(reason="too_late", touch=ref)]
        assert after.of(DirectionChosen) == []


@pytest.mark.parametrize("uid", [STRANGER, LOST])
def test_a_card_that_names_nobody_has_no_direction_to_choose(station: Bench, uid: str) -> None:
    station.touch(uid)
    assert station.touch(uid).choose_within_ms == 0
    ref = FactRef(epoch=station.outbox.real.epoch, seq=station.outbox.real.through)
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert station.recorded.answers == [Sorry(reason="too_late", touch=ref)]


def test_a_touch_that_never_was_can_not_be_corrected(station: Bench) -> None:
    never = FactRef(epoch=bytes(16), seq=7)
    station.desk.choose_direction(1, ChooseDirection(touch=never, direction="in"))
    assert station.recorded.answers == [Sorry(reason="too_late", touch=never)]


def test_a_correction_on_a_full_disk_is_not_claimed(station: Bench) -> None:
    again = touched_twice(station)
    station.outbox.fill_disk()
    choose(station, again, "out")
    assert station.recorded.answers == [Sorry(reason="not_recorded", touch=again.touch)]
