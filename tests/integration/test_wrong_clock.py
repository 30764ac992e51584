"""A machine whose clock stands in another century, from the agent's process to the county's tables.

libfaketime moves what the process and its OpenSSL take for the wall clock, and leaves CLOCK_BOOTTIME and the boot id:
certificates look expired, or not valid yet, and the narrow path has to tell the time.
"""

import sys
import time
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import KeptProcess, Process, wait_until
from tests.integration.village import Village, start_agent

_WALL = """
    select extract(epoch from coalesce(corrected_wall, wall)), quality from attendance_touch
    where encode(epoch, 'hex') || '/' || seq = '{fact}'"""


def libfaketime() -> str:
    """Return the library for programs with threads."""
    (found, *_) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return str(found)


@pytest.mark.parametrize("away", ["+26800d", "-19700d"])
def test_the_agent_finds_the_county_and_the_time(village: Village, away: str) -> None:
    station = village.stations[0]
    wait_until(lambda: village.waiting(station) == 0, what="what came before", timeout_s=30, every_s=0.3)
    real = station.agent
    real.stop()
    moved = {
        "LD_PRELOAD": libfaketime(),
        "FAKETIME": away,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    command = [sys.executable, "-m", "agent.cli", "run", "--config", str(station.config)]
    station.agent = KeptProcess(
        Process(f"{station.cast.id}-moved", command, log=station.folder / "moved.log", env=moved)
    )
    try:
        start_agent(station)
        before_s = time.time()
        (light,) = village.touch(station)
        village.await_all_stored()
        ((wall_s, quality),) = village.county.sql(_WALL.format(fact=light.fact))
        assert quality == "synced"
        assert abs(float(wall_s) - before_s) < 15
        assert "certificate" in (station.folder / "moved.log").read_text(), "the clock was not moved"
    finally:
        station.agent.stop()
        station.agent = real
        start_agent(station)
