"""When the disk is full or fails at a touch, the lamp is red, the screen says why, and nothing is half-written."""

import pytest

from agent.storage.errors import StorageFailed, StorageFull
from protocol.facts import AlarmRaised, ReaderLost, Touch
from tests.agent.bench import LI, LOST, ZHANG, Bench


@pytest.mark.parametrize(("error", "problem"), [(StorageFull("x"), "disk_full"), (StorageFailed("x"), "disk_error")])
def test_red_and_the_reason(station: Bench, error: Exception, problem: str) -> None:
    station.outbox.error = error
    shown = station.touch(ZHANG)
    assert (shown.colour, shown.answer, shown.problem) == ("red", "not_recorded", problem)
    assert station.indicator.shown == [("red", "")]
    assert station.recorded.pictures == []


def test_nothing_is_half_written_and_the_next_touch_is_no_repeat(station: Bench) -> None:
    station.outbox.fill_disk()
    station.touch(LOST)
    station.touch(ZHANG)
    station.outbox.error = None
    assert station.of(Touch) == []
    assert station.touch(ZHANG).answer == "recorded"


def test_what_nobody_waits_for_is_owed_and_goes_first(station: Bench) -> None:
    station.lifecycle.reader_changed("fake", ready=True)
    station.outbox.fill_disk()
    station.lifecycle.reader_changed("fake", ready=False)
    station.outbox.error = None
    shown = station.touch(LI)
    last_two = station.facts()[-2:]
    assert [type(fact) for fact in last_two] == [ReaderLost, Touch]
    assert shown.touch is not None
    assert shown.touch.seq == station.outbox.through
    assert station.indicator.shown[-1] == ("green", f"{shown.touch.epoch.hex()}/{shown.touch.seq}")


def test_the_county_hears_of_it_once_there_is_room(station: Bench) -> None:
    station.outbox.fill_disk()
    for uid in (ZHANG, ZHANG, "08a1b2c3", ZHANG):
        station.touch(uid)
    station.outbox.error = None
    station.touch(ZHANG)
    assert [(alarm.code, alarm.severity) for alarm in station.of(AlarmRaised)] == [("disk_full", "critical")]
