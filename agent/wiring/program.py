"""Facts about this program that are the same for every station."""

from pathlib import Path

import agent
from agent.drivers.system_clock import LinuxClock
from agent.timekeeping.clock import StationClock
from protocol.units import Moment


def software() -> str:
    """Return name and version of this program, as facts and births state it."""
    return f"cunhui-agent {agent.VERSION}"


def build_ms() -> int:
    """Return when this program was installed. The time now can't be earlier."""
    return int(Path(agent.__file__).stat().st_mtime * 1000)


def moment() -> Moment:
    """Return the moment by the machine's own clock, for programs that run without a station."""
    return StationClock(system=LinuxClock(), build_ms=build_ms()).now()
