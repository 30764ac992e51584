"""The camera's process: each picture has its own time, an idle process has no end, and a lower limit stays."""

import resource
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.camera.camera_limits import CPU_S, MEMORY_BYTES, NICE, limit_process, picture_begins, picture_ends


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """What is set, instead of setting it for the tests."""
    made: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr("resource.setrlimit", made.__setitem__)
    monkeypatch.setattr("os.nice", lambda increment: increment)
    return made


def test_a_picture_has_its_time_however_much_the_ones_before_took(
    monkeypatch: pytest.MonkeyPatch, limits: dict[int, tuple[int, int]]
) -> None:
    monkeypatch.setattr("resource.getrusage", lambda who: SimpleNamespace(ru_utime=1000.5, ru_stime=20.0))
    picture_begins()
    try:
        assert limits[resource.RLIMIT_CPU][0] == 1020 + CPU_S
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    finally:
        picture_ends()
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_limit_that_the_service_manager_set_lower_stays(
    monkeypatch: pytest.MonkeyPatch, limits: dict[int, tuple[int, int]]
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda kind: (50, 50))
    limit_process()
    assert set(limits.values()) == {(50, 50), (0, 0)}


def test_the_service_manager_allows_no_less_than_the_process_allows_itself() -> None:
    unit = Path("firmware_scripts/systemd/cunhui-camera@.service").read_text(encoding="utf-8")
    said = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    assert int(said["Nice"]) == NICE
    # The process must reach its own limit first: then it says so, and a picture is lost. The unit's kills it unheard.
    assert said["MemoryMax"].endswith("M")
    assert MEMORY_BYTES < int(said["MemoryMax"].removesuffix("M")) * 2**20 < MEMORY_BYTES + 32 * 2**20
