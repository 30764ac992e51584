"""When the county's clock may be told: vouched for, and above the floor; and how it is told again once it is right."""

import fcntl
import os
from pathlib import Path

import pytest

from server_broker.platform import county_clock
from server_broker.platform.county_clock import (
    BY_HAND,
    CONFIRMED,
    KEEP_EVERY_MS,
    SYNCHRONISED,
    UNVOUCHED,
    ClockMode,
    CountyClock,
    LinuxMachineClock,
)
from server_broker.platform.files import write_atomically
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, MORNING_MS
from tests.fakes.county_machine import YEAR_MS, CountyMachine

BUILD_MS = MORNING_MS - 100 * 24 * HOUR_MS
YEAR_2020 = 1_577_836_800_000
YEAR_2038 = 2_147_483_648_000


@pytest.fixture
def machine() -> CountyMachine:
    return CountyMachine(wall_ms=MORNING_MS)


def clock(root: Path, machine: CountyMachine, mode: ClockMode = "ntp") -> CountyClock:
    return CountyClock(root, machine=machine, mode=mode, build_ms=BUILD_MS)


def served(root: Path, machine: CountyMachine, mode: ClockMode = "ntp") -> CountyClock:
    """A county that was well for an hour."""
    made = clock(root, machine, mode)
    machine.ntp = True
    made.look()
    made.keep(now=True)
    machine.pass_ms(HOUR_MS)
    assert made.look().tells
    made.keep(now=True)
    return made


def test_a_synchronised_clock_is_told(tmp_path: Path, machine: CountyMachine) -> None:
    machine.ntp = True
    status = clock(tmp_path, machine).look()
    assert (status.tells, status.run.vouched, status.floor_ms) == (True, SYNCHRONISED, MORNING_MS)


@pytest.mark.parametrize("wall", [0, YEAR_2020, BUILD_MS - HOUR_MS])
@pytest.mark.parametrize("mode", ["ntp", "manual"])
def test_below_the_floor_nothing_is_told(tmp_path: Path, machine: CountyMachine, wall: int, mode: ClockMode) -> None:
    served(tmp_path, machine)
    machine.reboot(wall_ms=wall)
    status = clock(tmp_path, machine, mode).look()
    assert status.problem == "before_floor"
    assert "clock --confirm" in status.sentence()
    machine.ntp = True
    assert not clock(tmp_path, machine, mode).look().tells, "an NTP that says so is wrong too"


def test_an_hour_back_is_below_the_floor(tmp_path: Path, machine: CountyMachine) -> None:
    served(tmp_path, machine)
    machine.reboot(wall_ms=machine.wall - 2 * HOUR_MS)
    assert clock(tmp_path, machine, "manual").look().problem == "before_floor"


@pytest.mark.parametrize("mode", ["ntp", "manual"])
def test_the_far_future_is_not_told(tmp_path: Path, machine: CountyMachine, mode: ClockMode) -> None:
    served(tmp_path, machine)
    machine.reboot(wall_ms=YEAR_2038)
    assert clock(tmp_path, machine, mode).look().problem == "beyond_floor"


def test_after_a_boot_nothing_is_told_before_the_clock_is_synchronised(tmp_path: Path, machine: CountyMachine) -> None:
    served(tmp_path, machine)
    machine.reboot(wall_ms=machine.wall + 8 * HOUR_MS)
    again = clock(tmp_path, machine)
    assert again.look().problem == "unsynchronised"
    machine.ntp = True
    assert again.look().tells
    machine.ntp = False
    machine.pass_ms(9 * HOUR_MS)
    assert again.look().tells, "a kernel that has lost its time service has not lost the time"


def test_a_clock_that_is_set_away_is_not_told_until_it_is_synchronised_again(
    tmp_path: Path, machine: CountyMachine
) -> None:
    county = served(tmp_path, machine)
    before = county.look().run
    machine.set_wall(machine.wall + YEAR_MS)
    away = county.look()
    assert (away.problem, away.run.id != before.id) == ("unsynchronised", True)
    machine.set_wall(machine.wall - YEAR_MS)
    machine.ntp = True
    assert county.look().tells


def test_a_restart_of_the_program_is_no_boot(tmp_path: Path, machine: CountyMachine) -> None:
    run = served(tmp_path, machine).look().run
    machine.ntp = False
    machine.pass_ms(MINUTE_MS)
    again = clock(tmp_path, machine).look()
    assert (again.tells, again.run.id, again.run.vouched) == (True, run.id, SYNCHRONISED)


def test_a_county_without_ntp_tells_what_its_battery_kept(tmp_path: Path, machine: CountyMachine) -> None:
    machine.set_wall(MORNING_MS + YEAR_MS)
    status = clock(tmp_path, machine, "manual").look()
    assert (status.tells, status.run.vouched) == (True, UNVOUCHED)


def test_a_battery_that_is_far_ahead_deletes_nothing_before_somebody_vouches_for_it(
    tmp_path: Path, machine: CountyMachine
) -> None:
    before = served(tmp_path, machine, "manual").look()
    assert before.judges_age
    machine.reboot(wall_ms=machine.wall + 8 * HOUR_MS)
    assert clock(tmp_path, machine, "manual").look().judges_age, "a night without power"
    machine.reboot(wall_ms=machine.wall + YEAR_MS)
    county = clock(tmp_path, machine, "manual")
    ahead = county.look()
    assert (ahead.tells, ahead.judges_age) == (True, False)
    assert "暂不删除" in ahead.sentence()
    assert "clock --confirm" in ahead.sentence()
    machine.set_wall(machine.wall - YEAR_MS)
    assert county.look().judges_age, "somebody set it"
    machine.reboot(wall_ms=machine.wall + YEAR_MS)
    confirmed = clock(tmp_path, machine, "manual").confirm()
    assert (confirmed.judges_age, confirmed.sentence()) == (True, "")


def test_a_clock_that_is_not_told_deletes_nothing(tmp_path: Path, machine: CountyMachine) -> None:
    assert not clock(tmp_path, machine).look().judges_age
    served(tmp_path, machine)
    machine.reboot(wall_ms=YEAR_2038)
    machine.ntp = True
    assert not clock(tmp_path, machine).look().judges_age


def test_whoever_sets_the_clock_of_a_county_without_ntp_vouches_for_it(tmp_path: Path, machine: CountyMachine) -> None:
    machine.set_wall(MORNING_MS + YEAR_MS)
    county = clock(tmp_path, machine, "manual")
    wrong = county.look().run
    machine.set_wall(MORNING_MS)
    mended = county.look()
    assert (mended.tells, mended.run.vouched) == (True, BY_HAND)
    assert wrong.offset - mended.run.offset == YEAR_MS


def test_a_wrong_clock_that_nobody_vouches_for_raises_the_floor_by_what_truly_passed(
    tmp_path: Path, machine: CountyMachine
) -> None:
    county = served(tmp_path, machine, "manual")
    machine.set_wall(machine.wall + YEAR_MS)
    floor = county.look().floor_ms
    for _ in range(3):
        machine.pass_ms(HOUR_MS)
        county.look()
        county.keep()
    machine.set_wall(machine.wall - YEAR_MS)
    assert floor + 3 * HOUR_MS * 0.99 < county.look().floor_ms <= floor + 3 * HOUR_MS
    assert county.look().tells


def test_a_floor_that_a_lying_time_service_raised_is_set_by_a_person(tmp_path: Path, machine: CountyMachine) -> None:
    served(tmp_path, machine)
    machine.reboot(wall_ms=machine.wall + YEAR_MS)
    machine.ntp = True
    lied_to = clock(tmp_path, machine)
    assert lied_to.look().tells
    lied_to.keep(now=True)
    machine.set_wall(machine.wall - YEAR_MS)
    machine.ntp = True
    assert lied_to.look().problem == "before_floor"
    confirmed = clock(tmp_path, machine).confirm()
    assert (confirmed.tells, confirmed.run.vouched) == (True, CONFIRMED)
    seen = lied_to.look()
    assert (seen.tells, seen.run.vouched, seen.floor_ms) == (True, CONFIRMED, machine.wall)


def test_a_confirmation_between_a_programs_look_and_its_writing_stands(tmp_path: Path, machine: CountyMachine) -> None:
    worker = served(tmp_path, machine)
    machine.set_wall(machine.wall + HOUR_MS)
    assert worker.look().problem == "unsynchronised"
    machine.pass_ms(300)
    confirmed = clock(tmp_path, machine).confirm()
    worker.keep(now=True)
    machine.pass_ms(250)
    for seen in (worker.look(), clock(tmp_path, machine).look()):
        assert (seen.tells, seen.run.id, seen.run.vouched) == (True, confirmed.run.id, CONFIRMED)
    worker.keep(now=True)
    assert clock(tmp_path, machine).look().run.id == confirmed.run.id


def test_programs_write_one_after_the_other(
    tmp_path: Path, machine: CountyMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else reads, changes and writes the file between another's reading and writing."""
    alone: list[bool] = []

    def write_and_try_to_come_between(path: Path, content: bytes) -> None:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone.append(True)
        else:
            alone.append(False)
        finally:
            os.close(folder)
        write_atomically(path, content)

    monkeypatch.setattr(county_clock, "write_atomically", write_and_try_to_come_between)
    served(tmp_path, machine).confirm()
    assert alone == [True, True, True]


def test_a_clock_that_ran_ahead_for_a_month_may_be_put_right(tmp_path: Path, machine: CountyMachine) -> None:
    county = served(tmp_path, machine, "manual")
    for _ in range(24):
        machine.pass_ms(30 * 24 * HOUR_MS)
        assert county.look().tells
        machine.set_wall(machine.wall - 300_000)
        assert county.look().tells


def test_the_floor_never_goes_back_by_itself(tmp_path: Path, machine: CountyMachine) -> None:
    county = served(tmp_path, machine)
    floor = county.look().floor_ms
    for wall in (0, YEAR_2020, YEAR_2038, machine.wall + YEAR_MS, machine.wall):
        machine.set_wall(wall)
        assert county.look().floor_ms >= floor
        county.keep(now=True)
        assert clock(tmp_path, machine).look().floor_ms >= floor


def test_the_floor_is_written_now_and_then(tmp_path: Path, machine: CountyMachine) -> None:
    county = served(tmp_path, machine)
    written = (tmp_path / "clock").read_bytes()
    machine.pass_ms(KEEP_EVERY_MS - 1)
    county.look()
    county.keep()
    assert (tmp_path / "clock").read_bytes() == written
    machine.pass_ms(1)
    county.look()
    county.keep()
    assert (tmp_path / "clock").read_bytes() != written


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"floor": "soon"}'])
def test_a_damaged_file_is_no_file(tmp_path: Path, machine: CountyMachine, content: bytes) -> None:
    (tmp_path / "clock").write_bytes(content)
    status = clock(tmp_path, machine).look()
    assert (status.floor_ms, status.problem) == (BUILD_MS, "unsynchronised")


def test_a_disk_that_takes_nothing_costs_the_floor_alone(tmp_path: Path, machine: CountyMachine) -> None:
    county = clock(tmp_path / "away", machine)
    machine.ntp = True
    county.look()
    county.keep(now=True)
    assert county.look().tells


def test_the_real_machine_can_be_asked() -> None:
    machine = LinuxMachineClock()
    assert abs(machine.wall_ms() - machine.mono_ms()) > 0
    assert len(machine.boot_id()) == 16
    assert machine.synchronised() in (True, False)


def test_a_clock_that_is_an_hour_slow_is_still_not_told_after_half_a_year(
    tmp_path: Path, machine: CountyMachine
) -> None:
    county = served(tmp_path, machine)
    machine.wall -= HOUR_MS  # by a time service, which goes on to call it synchronised
    assert county.look().problem == "before_floor"
    for _ in range(6):
        machine.pass_ms(30 * 24 * HOUR_MS)
        assert county.look().problem == "before_floor"
    county.keep(now=True)
    again = clock(tmp_path, machine)
    machine.pass_ms(30 * 24 * HOUR_MS)
    assert again.look().problem == "before_floor", "by the file, although the floor has fallen behind by an hour"
    assert again.confirm().tells
    machine.pass_ms(HOUR_MS)
    assert again.look().tells


def test_what_may_have_been_told_is_known_of_the_boot_before(tmp_path: Path, machine: CountyMachine) -> None:
    before = served(tmp_path, machine).look().run
    assert before.told == machine.wall
    machine.reboot(wall_ms=0)
    not_told = clock(tmp_path, machine)
    assert (not_told.look().earlier, not_told.look().run.told) == (before, 0)
    not_told.keep(now=True)
    machine.ntp = True
    machine.wall = before.told + HOUR_MS
    assert clock(tmp_path, machine).look().earlier == before, "also by a program that starts later"
