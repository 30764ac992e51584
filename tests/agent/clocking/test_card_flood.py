"""A flood of unknown cards becomes one counted alarm; people with known cards get their green in it."""

from pathlib import Path

import pytest

from agent.clocking.card_flood import MOST
from agent.clocking.desk import FLOOD_SHOWN_EVERY_MS
from agent.events import CardTouched
from protocol.facts import AlarmCleared, AlarmRaised, Touch
from tests.agent.bench import STRANGER, ZHANG, Bench, bench
from tests.fakes.clockwork import FakeSystemClock


def flood(station: Bench, system: FakeSystemClock, *, seconds: float, a_second: int = 50) -> None:
    """Present numbers of cards that nobody knows, one after another."""
    for number in range(round(seconds * a_second)):
        station.desk.card_touched(f"04{number:012x}", "fake")
        system.pass_ms(1_000 // a_second)


def alarms(station: Bench) -> list[str]:
    return [alarm.detail for alarm in station.of(AlarmRaised) if alarm.code == "cards_flood:fake"]


def test_an_hour_of_it_is_some_facts_and_ends_with_the_count(station: Bench, system: FakeSystemClock) -> None:
    before = station.outbox.through
    for _ in range(61):
        flood(station, system, seconds=20, a_second=10)
        system.pass_ms(40_000)
        station.desk.tick()
    assert len(station.of(Touch)) <= 2 * MOST
    assert station.outbox.through - before <= 2 * MOST + 5
    assert station.of(AlarmCleared) == []
    system.pass_ms(60_000)
    station.desk.tick()
    left_out = 61 * 200 - len(station.of(Touch))
    assert f"多出的 {left_out} 次只计数" in alarms(station)[-1]
    assert [cleared.code for cleared in station.of(AlarmCleared)] == ["cards_flood:fake"]
    assert station.touch(STRANGER).colour == "amber"


def test_a_known_card_is_green_in_it_and_stays_so_for_a_while(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=5)
    station.desk.cards_touched([CardTouched(f"05{n:012x}", "fake") for n in range(20)])
    shown = len(station.indicator.shown)
    station.desk.cards_touched([CardTouched("05aabbccddeeff", "fake"), CardTouched(ZHANG, "fake")])
    flood(station, system, seconds=FLOOD_SHOWN_EVERY_MS / 1_000 - 0.5)
    assert [colour for colour, _ in station.indicator.shown[shown:]] == ["green"]
    assert [touch.answer for touch in station.of(Touch)].count("recorded") == 1
    flood(station, system, seconds=1)
    assert [colour for colour, _ in station.indicator.shown[shown:]] == ["green", "red"]
    assert station.recorded.touches[-1].problem == "too_fast"


def test_people_who_queue_with_new_cards_are_all_recorded(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=180, a_second=1)
    assert [touch.answer for touch in station.of(Touch)] == ["unknown"] * 180
    assert alarms(station) == []


def test_a_flood_at_one_reader_costs_the_other_nothing(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=3)
    station.desk.card_touched(STRANGER, "other")
    assert station.of(Touch)[-1].reader == "other"


def test_a_run_that_ended_in_a_flood_leaves_no_alarm_for_ever(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        flood(station, system, seconds=3)
        assert len(alarms(station)) == 1
    with bench(tmp_path, system) as station:
        station.touch(STRANGER)
        assert [cleared.code for cleared in station.of(AlarmCleared)] == ["cards_flood:fake"]


@pytest.mark.parametrize("most", [1, 3])
def test_what_is_refused_was_promised_to_nobody(station: Bench, system: FakeSystemClock, most: int) -> None:
    flood(station, system, seconds=2)
    lights = [fact for colour, fact in station.indicator.shown if colour != "red"]
    system.pass_ms(FLOOD_SHOWN_EVERY_MS)
    station.desk.cards_touched([CardTouched(f"06{n:012x}", "fake") for n in range(most)])
    assert len(lights) == len(station.of(Touch)) == MOST
    assert station.indicator.shown[-1] == ("red", "")
