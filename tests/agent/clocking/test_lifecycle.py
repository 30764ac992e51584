"""Ups and downs, the alive stamp, and windows that close while the station is up."""

from pathlib import Path

import pytest

from agent.clocking.lifecycle import STAMP_EVERY_MS
from protocol.facts import Booted, ReaderBack, ReaderLost, ShutDown, WindowClosed
from protocol.units import Moment
from tests.agent.bench import ZHANG, Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock


def test_the_first_start_is_a_power_on_with_nothing_before(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.lifecycle.started(last_fact=None)
        (booted,) = station.of(Booted)
        assert (booted.cause, booted.last_alive, booted.software) == ("power_on", None, "cunhui-agent test")


def test_the_same_boot_is_a_restart_and_a_commit_is_a_stamp(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        before.lifecycle.started(last_fact=None)
        before.accept(desired())
        system.pass_ms(60_000)
        before.touch(ZHANG)
        touched = before.now()
    system.pass_ms(30_000)
    with bench(tmp_path, system) as after:
        after.lifecycle.started(last_fact=after.recent[-1][1].at)
        booted = after.of(Booted)[-1]
        assert booted.cause == "restart"
        assert booted.last_alive == touched


def test_another_boot_is_a_power_on_after_the_stamp(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        before.lifecycle.started(last_fact=None)
        before.lifecycle.committed()
        system.pass_ms(STAMP_EVERY_MS)
        before.lifecycle.tick()
        stamped = before.now()
        system.pass_ms(MINUTE_MS)
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as after:
        after.lifecycle.started(last_fact=after.recent[-1][1].at)
        booted = after.of(Booted)[-1]
        assert (booted.cause, booted.last_alive) == ("power_on", stamped)
        assert booted.at.quality == "restored"
        assert booted.at.wall == stamped.wall + system.mono


def test_a_boot_that_never_knew_the_time_was_after_the_stamp_all_the_same(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as first:
        first.lifecycle.started(last_fact=None)
        system.pass_ms(STAMP_EVERY_MS)
        first.lifecycle.tick()
    system.reboot(b"boot-two--------")
    undated = Moment(wall=5_000, boot=system.boot, mono=system.mono, quality="unknown")
    system.reboot(b"boot-three------")
    with bench(tmp_path, system, trusted=False) as third:
        third.lifecycle.started(last_fact=undated)
        assert third.of(Booted)[-1].last_alive == undated


def test_the_stamp_is_at_most_10_minutes_old_and_written_no_oftener(station: Bench, system: FakeSystemClock) -> None:
    station.lifecycle.started(last_fact=None)
    written = set()
    for _ in range(360):
        system.pass_ms(10_000)
        station.lifecycle.tick()
        written.add(station.outbox.get("last_alive"))
    assert 6 <= len(written - {None}) <= 7


def test_readers_that_go_and_come(station: Bench) -> None:
    for ready in (True, True, False, False, True):
        station.lifecycle.reader_changed("pcsc", ready=ready)
    assert [fact.reader for fact in station.of(ReaderLost)] == ["pcsc"]
    assert [fact.reader for fact in station.of(ReaderBack)] == ["pcsc"]
    assert station.lifecycle.reader_ready


def test_a_reader_that_is_missing_from_the_start_is_lost(station: Bench) -> None:
    station.lifecycle.reader_changed("pcsc", ready=False)
    assert [fact.reader for fact in station.of(ReaderLost)] == ["pcsc"]
    assert not station.lifecycle.reader_ready


def test_the_end_in_good_order(station: Bench) -> None:
    station.lifecycle.stopped()
    assert len(station.of(ShutDown)) == 1


def test_a_window_closes_while_the_station_is_up(station: Bench, system: FakeSystemClock) -> None:
    station.lifecycle.tick()
    for _ in range(15):
        system.pass_ms(HOUR_MS)
        station.lifecycle.tick()
    closed = station.of(WindowClosed)
    assert [(fact.window, fact.date) for fact in closed] == [("am", "2026-11-24"), ("pm", "2026-11-24")]
    assert all(fact.closed <= fact.at.wall < fact.closed + HOUR_MS + 1 for fact in closed)


def test_what_closed_while_the_station_was_down_is_not_claimed(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.lifecycle.tick()
    system.pass_ms(15 * HOUR_MS)
    with bench(tmp_path, system) as after:
        after.lifecycle.tick()
        assert after.of(WindowClosed) == []


@pytest.mark.parametrize("hours", [7, 15])
def test_without_the_time_no_window_closes(tmp_path: Path, system: FakeSystemClock, hours: int) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        station.lifecycle.tick()
        system.pass_ms(hours * HOUR_MS)
        station.lifecycle.tick()
        assert station.of(WindowClosed) == []


def told(station: Bench, system: FakeSystemClock, wall_ms: int) -> None:
    station.county_told(wall_ms)
    station.lifecycle.tick()


def test_a_jump_forward_claims_only_what_the_run_lived_through(station: Bench, system: FakeSystemClock) -> None:
    station.lifecycle.tick()
    system.pass_ms(HOUR_MS)
    for days in (1, 365):
        told(station, system, system.wall + days * 24 * HOUR_MS)
    assert station.of(WindowClosed) == []


def test_windows_that_passed_unnoticed_are_claimed_when_the_time_is_known(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        for _ in range(7):
            station.lifecycle.tick()
            system.pass_ms(HOUR_MS)
        told(station, system, system.wall)
        told(station, system, system.wall)
        assert [(fact.window, fact.date) for fact in station.of(WindowClosed)] == [("am", "2026-11-24")]


def test_a_window_claimed_by_a_clock_that_was_fast_is_claimed_again(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(5 * HOUR_MS)
    told(station, system, system.wall + 2 * HOUR_MS)
    told(station, system, system.wall)
    assert [fact.window for fact in station.of(WindowClosed)] == ["am"]
    system.pass_ms(2 * HOUR_MS)
    station.lifecycle.tick()
    first, second = station.of(WindowClosed)
    assert first.closed == second.closed
    assert station.clock.wall_of(first.at) < first.closed <= station.clock.wall_of(second.at)


def test_a_full_disk_delays_what_happened_and_loses_nothing(station: Bench, system: FakeSystemClock) -> None:
    station.lifecycle.tick()
    station.outbox.fill_disk()
    system.pass_ms(7 * HOUR_MS)
    station.lifecycle.tick()
    at = station.now()
    station.outbox.error = None
    system.pass_ms(HOUR_MS)
    station.fact_writer.flush()
    (closed,) = station.of(WindowClosed)
    assert (closed.window, closed.at) == ("am", at)


def test_a_damaged_stamp_is_no_stamp(station: Bench) -> None:
    station.outbox.put("last_alive", b"\xc1")
    station.lifecycle.started(last_fact=None)
    assert station.of(Booted)[-1].last_alive is None
