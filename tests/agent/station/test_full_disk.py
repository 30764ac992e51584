"""When the disk is full or fails at a touch, the lamp is red, the screen says why, and nothing is half-written."""

from pathlib import Path

import pytest

from agent.storage.errors import StorageFailed, StorageFull
from protocol.facts import AlarmCleared, AlarmRaised, ReaderLost, Touch
from tests.agent.bench import LI, LOST, ZHANG, Bench, bench
from tests.fakes.clockwork import FakeSystemClock


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


MINUTE_MS = 60_000


def said(station: Bench) -> list[str]:
    signs = {AlarmRaised: "+", AlarmCleared: "-"}
    return [signs[type(fact)] + fact.code for fact in station.facts() if isinstance(fact, AlarmRaised | AlarmCleared)]


def passes(station: Bench, minutes: int) -> None:
    station.system.pass_ms(minutes * MINUTE_MS)
    station.desk.tick()


def refuses(station: Bench, error: Exception) -> None:
    station.outbox.error = error
    station.touch(ZHANG)
    station.outbox.error = None


def test_the_county_hears_that_touches_are_recorded_again(station: Bench) -> None:
    refuses(station, StorageFull("no room"))
    passes(station, 600)  # nobody touches: it is not known whether it is over
    assert said(station) == []
    station.touch(ZHANG)
    passes(station, 59)
    assert said(station) == ["+disk_full"]
    passes(station, 1)
    passes(station, 1)
    assert said(station) == ["+disk_full", "-disk_full"]


def test_a_disk_that_fails_now_and_then_is_one_alarm(station: Bench) -> None:
    for error in (StorageFailed("x"), StorageFull("x"), StorageFailed("x")):
        refuses(station, error)
        station.touch(LI)
        passes(station, 59)
    assert said(station) == ["+disk_error", "+disk_full"]
    station.touch(LI)
    passes(station, 1)
    assert said(station)[2:] == ["-disk_full", "-disk_error"]
    refuses(station, StorageFailed("x"))
    station.touch(LI)
    assert said(station)[4:] == ["+disk_error"]


def test_a_restart_in_between_clears_it_too(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        refuses(station, StorageFailed("x"))
        station.touch(LI)
    with bench(tmp_path, system) as station:
        passes(station, 61)
        assert said(station) == ["+disk_error"]
        station.touch(LI)
        passes(station, 60)
        assert said(station) == ["+disk_error", "-disk_error"]
