"""The repeat rule: a second touch of the same card within 120 s is answered 已打卡, and it is still a fact."""

from pathlib import Path

import pytest

from agent.events import CardTouched
from protocol.facts import Touch
from tests.agent.bench import LI, STRANGER, ZHANG, Bench, bench, desired
from tests.fakes.clockwork import MORNING_MS, FakeSystemClock


def answers(station: Bench) -> list[str]:
    return [touch.answer for touch in station.of(Touch)]


def test_a_second_touch_within_120_s_is_a_repeat_and_a_fact(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(120_000)
    shown = station.touch(ZHANG)
    assert (shown.colour, shown.answer, shown.name, shown.direction) == ("green", "repeat", "张示例", "in")
    assert shown.touch is None
    assert answers(station) == ["recorded", "repeat"]


def test_after_120_s_it_is_a_new_touch(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(120_001)
    assert station.touch(ZHANG).answer == "recorded"


def test_repeats_do_not_prolong_one_another(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(100_000)
    assert station.touch(ZHANG).answer == "repeat"
    system.pass_ms(100_000)
    assert station.touch(ZHANG).answer == "recorded"


def test_another_card_is_no_repeat(station: Bench) -> None:
    station.touch(ZHANG)
    assert station.touch(LI).answer == "recorded"


def test_a_repeat_takes_no_picture(station: Bench) -> None:
    for uid in (ZHANG, ZHANG, STRANGER, STRANGER):
        station.touch(uid)
    assert len(station.recorded.pictures) == 2


def test_touches_committed_together_know_each_other(station: Bench) -> None:
    station.desk.cards_touched([CardTouched(uid, "fake") for uid in (ZHANG, LI, ZHANG, STRANGER, STRANGER)])
    assert answers(station) == ["recorded", "recorded", "repeat", "unknown", "unknown"]
    assert [shown.direction for shown in station.recorded.touches[:3]] == ["in", "in", "in"]
    assert station.outbox.commits == 1


def test_the_rule_holds_over_a_restart(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.touch(ZHANG)
    system.pass_ms(30_000)
    with bench(tmp_path, system) as after:
        assert after.touch(ZHANG).answer == "repeat"


def test_repeats_do_not_prolong_one_another_over_a_restart(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.touch(ZHANG)
        system.pass_ms(100_000)
        before.touch(ZHANG)
    system.pass_ms(100_000)
    with bench(tmp_path, system) as after:
        assert after.touch(ZHANG).answer == "recorded"


@pytest.mark.parametrize(("away_ms", "answer"), [(60_000, "repeat"), (120_001, "recorded")])
def test_over_a_reboot_the_rule_goes_by_the_time(tmp_path: Path, away_ms: int, answer: str) -> None:
    system = FakeSystemClock(mono_ms=1_000)
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.touch(ZHANG)
    system.reboot(b"boot-two--------")
    system.wall = MORNING_MS + away_ms
    with bench(tmp_path, system) as after:
        assert after.touch(ZHANG).answer == answer


def test_a_boot_that_does_not_know_the_time_calls_nothing_of_before_a_repeat(tmp_path: Path) -> None:
    """Its clock begins where the power failed, however many hours ago that was."""
    system = FakeSystemClock()
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.touch(ZHANG)
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as after:
        assert after.now().quality == "restored"
        assert after.touch(ZHANG).answer == "recorded"
        assert after.touch(ZHANG).answer == "repeat"


def test_the_rule_goes_by_the_boot_clock_when_the_time_is_corrected(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(60_000)
    [corrected] = station.county_told(system.wall + 86_400_000)
    assert corrected.at.wall == system.wall + 86_400_000
    assert station.touch(ZHANG).answer == "repeat"
