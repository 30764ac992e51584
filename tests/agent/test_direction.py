"""The direction comes from the duty windows; the person can correct it within 10 s."""

from pathlib import Path

import pytest

from protocol.facts import DirectionChosen, Touch
from protocol.kiosk import ChooseDirection, Sorry
from protocol.units import FactRef
from tests.agent.bench import LOST, STRANGER, ZHANG, Bench, bench, desired
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


def test_without_the_time_nothing_is_guessed_and_the_person_says(tmp_path: Path, system: FakeSystemClock) -> None:
    """The clock began where the power failed in the morning; it may be noon by now."""
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        shown = station.touch(ZHANG)
        assert (shown.answer, shown.direction, shown.missing) == ("recorded", None, [])
        assert station.touch(ZHANG).direction is None
        assert shown.touch is not None
        station.desk.choose_direction(1, ChooseDirection(touch=shown.touch, direction="out"))
        assert station.touch(ZHANG).direction == "out"


def test_a_touch_has_its_direction_once_its_boot_knows_the_time(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        assert station.touch(ZHANG).direction is None
        station.clock.county_said(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        assert station.touch(ZHANG).direction == "in"


def test_the_persons_word_stands(station: Bench, system: FakeSystemClock) -> None:
    ref = station.touch(ZHANG).touch
    assert ref is not None
    system.pass_ms(10_000)
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert [(fact.touch, fact.direction) for fact in station.of(DirectionChosen)] == [(ref, "out")]
    assert station.recorded.touches[-1].direction == "out"
    system.pass_ms(5_000)
    assert station.touch(ZHANG).direction == "out"


def test_after_10_s_it_is_too_late(station: Bench, system: FakeSystemClock) -> None:
    ref = station.touch(ZHANG).touch
    assert ref is not None
    system.pass_ms(10_001)
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert station.recorded.answers == [Sorry(reason="too_late")]
    assert station.of(DirectionChosen) == []


def test_a_touch_of_an_earlier_boot_can_not_be_corrected(tmp_path: Path) -> None:
    system = FakeSystemClock(mono_ms=1_000)
    with bench(tmp_path, system) as before:
        before.accept(desired())
        ref = before.touch(ZHANG).touch
    assert ref is not None
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as after:
        after.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
        assert after.recorded.answers == [Sorry(reason="too_late")]
        assert after.of(DirectionChosen) == []


@pytest.mark.parametrize("uid", [STRANGER, LOST])
def test_a_card_that_names_nobody_has_no_direction_to_choose(station: Bench, uid: str) -> None:
    station.touch(uid)
    ref = FactRef(epoch=station.outbox.real.epoch, seq=station.outbox.real.through)
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert station.recorded.answers == [Sorry(reason="too_late")]


def test_a_touch_that_never_was_can_not_be_corrected(station: Bench) -> None:
    station.desk.choose_direction(1, ChooseDirection(touch=FactRef(epoch=bytes(16), seq=7), direction="in"))
    assert station.recorded.answers == [Sorry(reason="too_late")]


def test_a_correction_on_a_full_disk_is_not_claimed(station: Bench) -> None:
    ref = station.touch(ZHANG).touch
    assert ref is not None
    station.outbox.fill_disk()
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert station.recorded.answers == [Sorry(reason="not_recorded")]
