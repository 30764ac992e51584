"""What is true of this program, whichever station it runs."""

from pathlib import Path

import agent
from agent.drivers.system_clock import LinuxClock
from agent.timekeeping.clock import StationClock
from protocol.units import Moment


def software() -> str:
    """Return name and version of this program, as facts and births state it."""
    return f"cunhui-agent {agent.VERSION}"


def build_ms() -> int:
    """Return when this program was installed: the earliest that it can be now."""
    return int(Path(agent.__file__).stat().st_mtime * 1000)


def moment() -> Moment:
    """Return what the machine's own clock says, for what runs without a station."""
    return StationClock(system=LinuxClock(), build_ms=build_ms()).now()
