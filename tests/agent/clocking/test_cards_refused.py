"""Touches of unknown and lost cards are facts.

A number that is no card's makes the lamp red, and nothing is recorded.
"""

import logging

import msgspec
import pytest

from agent.events import CardTouched
from protocol.facts import AlarmCleared, AlarmRaised, Touch
from tests.agent.bench import LOST, STRANGER, ZHANG, Bench, desired
from tests.fakes.clockwork import FakeSystemClock


def test_an_unknown_card_is_kept_and_amber(station: Bench) -> None:
    shown = station.touch(STRANGER)
    assert (shown.colour, shown.answer, shown.name, shown.touch) == ("amber", "unknown", "", None)
    assert [touch.answer for touch in station.of(Touch)] == ["unknown"]


def test_a_lost_card_is_kept_amber_and_alarms_once(station: Bench, system: FakeSystemClock) -> None:
    shown = station.touch(LOST)
    assert (shown.colour, shown.answer, shown.name) == ("amber", "lost", "")
    system.pass_ms(5_000)
    station.touch(LOST)
    assert [touch.answer for touch in station.of(Touch)] == ["lost", "lost"]
    assert [alarm.code for alarm in station.of(AlarmRaised)] == ["lost_card"]


def test_a_card_bound_later_counts_on_the_board_at_once(station: Bench) -> None:
    station.accept(msgspec.structs.replace(desired(version=2), cards=[]))
    station.touch(ZHANG)
    assert all(row.arrived is None for row in station.touch_history.board(station.now()))
    station.accept(desired(version=3))
    assert [row.arrived for row in station.touch_history.board(station.now()) if row.name == "张示例"] == [510, None]


@pytest.mark.parametrize(
    "uid",
    ["", "04a1b2", "04a1b2c3d4e5f60", "00000000", "ffffffffffffff", "08a1b2c3", "88a1b2c3", "no hex!", "0" * 200, "卡"],
)
def test_what_is_no_card_number_is_red_and_not_recorded(
    station: Bench, uid: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = station.touch(uid)
    assert (shown.colour, shown.answer, shown.problem) == ("red", "not_recorded", "bad_card")
    assert station.indicator.shown == [("red", "")]
    assert station.of(Touch) == []
    assert not uid.strip() or uid not in caplog.text


def test_card_after_card_that_can_not_be_read_is_told_once_and_ends_with_a_card(station: Bench) -> None:
    for uid in [*["08a1b2c3"] * 4, ZHANG, *["08a1b2c3"] * 4]:
        station.touch(uid)
    assert station.of(AlarmRaised) == []
    station.desk.card_touched("", "other")
    assert station.of(AlarmRaised) == []
    station.desk.cards_touched([CardTouched("08a1b2c3", "fake"), CardTouched("", "fake"), CardTouched("", "fake")])
    (alarm,) = station.of(AlarmRaised)
    assert (alarm.code, alarm.detail) == ("cards_unreadable:fake", "读卡器“fake”连续 5 次读不出卡")
    station.desk.card_touched(ZHANG, "other")
    assert station.of(AlarmCleared) == []
    station.touch(STRANGER)
    station.touch(ZHANG)
    assert [cleared.code for cleared in station.of(AlarmCleared)] == ["cards_unreadable:fake"]
    assert "08a1b2c3" not in alarm.detail


def test_a_bad_number_costs_its_neighbours_nothing(station: Bench) -> None:
    station.desk.cards_touched([CardTouched(uid, "fake") for uid in (ZHANG, "08a1b2c3", STRANGER)])
    assert [shown.colour for shown in station.recorded.touches] == ["green", "red", "amber"]
    assert len(station.of(Touch)) == 2
