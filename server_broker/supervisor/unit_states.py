"""Ask systemd how the units of a county stand."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import running_pid
from server_broker.platform.units import SYSTEMCTL, UNITS


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit.

    Attributes:
        active: It has said that it is ready, and runs.
        restarts: How often systemd has started it again by itself.
    """

    active: bool
    restarts: int


def unit_states(units: Sequence[str]) -> dict[str, UnitState]:
    """Return the state of each unit."""
    command = [SYSTEMCTL, "show", "--property=ActiveState,NRestarts", *units]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - ours
    # One paragraph for each unit, in the order in which they were named.
    paragraphs = [dict(line.split("=", 1) for line in one.splitlines()) for one in shown.strip().split("\n\n")]
    return {
        unit: UnitState(found.get("ActiveState") == "active", int(found.get("NRestarts") or 0))
        for unit, found in zip(units, paragraphs, strict=True)
    }


def parts_down(home: CountyHome, parts: Sequence[str]) -> list[str]:
    """Return the parts that do not run. One that systemd starts again and again has a process, and does not run."""
    if not home.by_units:
        return [part for part in parts if running_pid(pid_file(home, part)) is None]
    states = unit_states([UNITS[part] for part in parts])
    return [part for part in parts if not states[UNITS[part]].active]
