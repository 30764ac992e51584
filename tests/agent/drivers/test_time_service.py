"""NTP is judged by the output of chrony or timesyncd. A service that hangs or prints rubbish is not well."""

import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.drivers.machine_programs import ProgramFailed, ProgramMissing, output_of
from agent.drivers.system_clock import LinuxClock
from agent.drivers.time_service import CHRONY, KERNEL_FLAG, TIMESYNCD, MachineTimeService, judge_chrony, judge_timesyncd
from agent.ports import DeviceError

SYNCED = (
    "7F000001,127.0.0.1,4,1795545508.331829823,-0.000001054,-0.000000458,0.000000280,-0.040,-0.002,0.090,"
    "0.000005951,0.000002073,1.0,Normal\n"
)
"""Recorded from chrony 4.6.1 while it follows another chrony."""
OWN = "7F7F0101,,3,1795545497.263877413,0.0,0.0,0.0,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n"
"""Recorded from chrony 4.6.1 with ``local stratum 3`` and no server."""
TIMESYNC = """\
FallbackNTPServers=0.debian.pool.ntp.org 1.debian.pool.ntp.org
ServerName=0.debian.pool.ntp.org
ServerAddress=192.0.2.15
RootDistanceMaxUSec=5s
PollIntervalMinUSec=32s
PollIntervalMaxUSec=34min 8s
PollIntervalUSec=1min 4s
NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, Precision=-24, RootDelay=86.166ms, RootDispersion=213us, \
Reference=A29FC801, OriginateTimestamp=Tue 2026-11-24 08:00:01 CST, ReceiveTimestamp=Tue 2026-11-24 08:00:01 CST, \
TransmitTimestamp=Tue 2026-11-24 08:00:01 CST, DestinationTimestamp=Tue 2026-11-24 08:00:01 CST, Ignored=no, \
PacketCount=3, Jitter=1.2ms }
Frequency=-1048576
"""
"""In the form of systemd 257's ``timedatectl show-timesync``."""


def chrony(**changed: str) -> str:
    names = "reference address stratum when system last rms frequency residual skew delay dispersion interval leap"
    fields = dict(zip(names.split(), SYNCED.strip().split(","), strict=True)) | changed
    return ",".join(fields.values())


def test_services_that_follow_a_server_are_well() -> None:
    assert judge_chrony(SYNCED) == ""
    assert judge_timesyncd(TIMESYNC) == ""


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (OWN, "its own clock"),
        (chrony(leap="Not synchronised", stratum="0"), "leap status"),
        (chrony(stratum="0"), "stratum 0"),
        (chrony(stratum="16"), "stratum 16"),
        (chrony(system="3600.5"), "still 3600.5 s away"),
        (chrony(system="nan"), "still nan s away"),
        (chrony(dispersion="0.9", delay="0.3"), "root distance 1.050 s"),
        (chrony(dispersion="nan"), "root distance nan s"),
        (chrony(dispersion="-5"), "root distance"),
    ],
)
def test_chrony_that_is_not_well_says_why(said: str, problem: str) -> None:
    assert problem in judge_chrony(said)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Leap=0", "Leap=3", "leap indicator"),
        ("Stratum=2", "Stratum=0", "stratum 0"),
        ("Ignored=no", "Ignored=yes", "ignored"),
        ("RootDelay=86.166ms", "RootDelay=2s", "root distance"),
        ("RootDispersion=213us", "RootDispersion=1min 4s", "root distance"),
        ("NTPMessage=", "Message=", "no server has answered"),
    ],
)
def test_timesyncd_that_is_not_well_says_why(old: str, new: str, problem: str) -> None:
    assert problem in judge_timesyncd(TIMESYNC.replace(old, new))


@pytest.mark.parametrize("said", ["", "\n", "506 Cannot talk to daemon", "a,b,c", chrony(stratum="many"), "," * 2_000])
def test_rubbish_of_chrony_is_not_well(said: str) -> None:
    state = MachineTimeService(run=lambda _: said).read()
    assert state.service == "chrony"
    assert state.problem


@pytest.mark.parametrize("new", ["Stratum=zwei", "Stratum=", "RootDelay=soon", "RootDelay="])
def test_rubbish_of_timesyncd_is_not_well(new: str) -> None:
    name = new.split("=", maxsplit=1)[0]
    changed = ", ".join(new if part.startswith(name) else part for part in TIMESYNC.split(", "))
    state = MachineTimeService(run=of(TIMESYNCD, changed)).read()
    assert state.service == "timesyncd"
    assert state.problem


def of(command: Sequence[str], said: str, *, flag: str = "yes\n") -> Callable[[Sequence[str]], str]:
    """Only one of the services runs."""

    def ask_it(asked: Sequence[str]) -> str:
        if asked == KERNEL_FLAG:
            return flag
        if asked != command:
            raise ProgramFailed("it does not run")
        return said

    return ask_it


def test_who_runs_is_asked_chrony_first() -> None:
    assert MachineTimeService(run=of(CHRONY, SYNCED)).read().service == "chrony"
    assert MachineTimeService(run=of(TIMESYNCD, TIMESYNC)).read().service == "timesyncd"

    def nobody(asked: Sequence[str]) -> str:
        raise ProgramMissing(asked[0])

    assert MachineTimeService(run=nobody).read().service == "kernel"


def test_timesyncd_needs_the_kernels_flag_too() -> None:
    assert MachineTimeService(run=of(TIMESYNCD, TIMESYNC)).read().problem == ""
    assert "kernel" in MachineTimeService(run=of(TIMESYNCD, TIMESYNC, flag="no\n")).read().problem


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (None, "can be asked"),
        ((True, 0.1), "not disciplined"),
        ((False, 16.0), "16.0 s away"),
        ((False, 0.1), ""),
    ],
)
def test_without_a_service_the_kernel_is_asked(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[bool, float] | None, problem: str
) -> None:
    monkeypatch.setattr("agent.drivers.time_service.kernel_discipline", lambda: asked)
    state = MachineTimeService(run=of((), "")).read()
    assert state.service == "kernel"
    assert problem in state.problem
    assert bool(state.problem) == bool(problem)


def test_a_sandbox_without_the_call_leaves_the_word_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.drivers.system_clock.kernel_discipline", lambda: None)
    assert LinuxClock().ntp_synced()
    monkeypatch.setattr("agent.drivers.system_clock.kernel_discipline", lambda: (True, 0.1))
    assert not LinuxClock().ntp_synced()


def test_a_service_that_hangs_is_not_well_and_nobody_else_is_believed() -> None:
    def hangs(asked: Sequence[str]) -> str:
        raise DeviceError("no answer in time")

    state = MachineTimeService(run=hangs).read()
    assert (state.service, state.problem) == ("chrony", "DeviceError: no answer in time")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program named ``chronyc`` first in the path."""

    def write(script: str) -> None:
        file = tmp_path / "chronyc"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return write


def test_a_program_is_asked(program: Callable[[str], None]) -> None:
    program(f"printf '%s' '{SYNCED.strip()}'")
    assert MachineTimeService().read().problem == ""


@pytest.mark.parametrize(
    "script", ["sleep 60", "sleep 60 & echo half", "yes", "printf '\\377\\376'", "exec 1>&-; sleep 60"]
)
def test_a_program_that_hangs_or_never_ends_is_ended(program: Callable[[str], None], script: str) -> None:
    program(script)
    began = time.monotonic()
    with pytest.raises(DeviceError):
        output_of(CHRONY, limit_s=0.5)
    assert time.monotonic() - began < 30, "the program's own minute was not waited for"


def test_a_program_hears_nothing_of_the_service_manager(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    program('echo "<$NOTIFY_SOCKET>"')
    assert output_of(CHRONY) == "<>\n"


def test_a_program_that_fails_or_is_missing(program: Callable[[str], None]) -> None:
    program("echo '506 Cannot talk to daemon'; exit 1")
    with pytest.raises(ProgramFailed):
        output_of(CHRONY)
    with pytest.raises(ProgramMissing):
        output_of(("no-such-program-anywhere",))
