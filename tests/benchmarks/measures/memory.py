"""Resident memory of the station's processes, as the kernel states it."""

import subprocess
import threading
from itertools import islice
from pathlib import Path

from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import village_cards

AGENT_GOAL_MB = 60.0
KIOSK_GOAL_MB = 90.0
TOUCHES = 10_000
_REST_S = 5.0


def idle(station: BenchStation) -> Figure:
    """Measure the agent some seconds after the county has answered."""
    _rest()
    return _agent("agent_rss_idle_mb", station.pid)


def camera(station: BenchStation) -> Figure:
    """Measure the camera's process, which the agent starts for its first picture."""
    cameras = [resident(child)["VmRSS"] for child in children(station.pid)]
    detail: dict[str, Value] = {} if cameras else {"why": "the agent has no child"}
    return Figure(name="camera_worker_rss_mb", value=sum(cameras) if cameras else None, unit="MB", detail=detail)


def after_touches(station: BenchStation, *, already: int, seed: int) -> Figure:
    """Go on until this run of the agent has had 10,000 touches, each right after the answer to the one before, and
    measure."""
    with station.touching() as hand:
        for uid in islice(village_cards(station.cast, seed=seed + 1), TOUCHES - already):
            hand.touch(uid)
    at_once = resident(station.pid)["VmRSS"]
    station.settle()
    detail: dict[str, Value] = {"at_once": at_once, "lights": {**hand.lights}, "touches": TOUCHES}
    return _agent("agent_rss_10000_touches_mb", station.pid, detail)


def kiosk(terminal: Terminal, pid: int) -> Figure:
    """Measure the kiosk on its home screen, as `of_kiosk` does.

    Args:
        pid: The watching program's.
    """
    terminal.wait_for("示例")
    _rest()
    return of_kiosk(pid)


def of_kiosk(pid: int) -> Figure:
    """Measure a kiosk together with the program that watches it.

    The kiosk is a fork of that program, so most of their pages are the same, and each is counted once. Pages that no
    file has are shared by these two alone, so the kernel's proportional sizes add up to them. Of the pages of files,
    such as libraries, the larger of the two counts whole, although the agent has some of them too.

    Args:
        pid: The watching program's.
    """
    both = (pid, *children(pid))
    sizes = [resident(one) for one in both]
    value = sum(proportional(one)["Pss_Anon"] for one in both) + max(one["RssFile"] for one in sizes)
    detail: dict[str, Value] = {
        "watcher_rss": sizes[0]["VmRSS"],
        "kiosk_rss": sum(one["VmRSS"] for one in sizes[1:]),
        "pss": round(sum(proportional(one)["Pss"] for one in both), 1),
    }
    return Figure(name="kiosk_memory_idle_mb", value=round(value, 1), unit="MB", goal=KIOSK_GOAL_MB, detail=detail)


def kiosk_pid(tmux_socket: Path) -> int:
    """Return the pid of the program in the terminal's only pane."""
    command = ["tmux", "-S", str(tmux_socket), "display-message", "-p", "#{pane_pid}"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _agent(name: str, pid: int, more: dict[str, Value] | None = None) -> Figure:
    memory = resident(pid)
    return Figure(name=name, value=memory["VmRSS"], unit="MB", goal=AGENT_GOAL_MB, detail={**memory, **(more or {})})


def _rest() -> None:
    threading.Event().wait(_REST_S)


def children(pid: int) -> list[int]:
    """Return the programs that a program has started, as the kernel knows them."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]


def proportional(pid: int) -> dict[str, float]:
    """Return the proportional set sizes (proc_pid_smaps_rollup(5)) in MB of 10**6 bytes: of all pages, and of those
    that no file has."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    values = dict(line.split(":", 1) for line in lines)
    return {name: int(values[name].split()[0]) * 1024 / 1e6 for name in ("Pss", "Pss_Anon")}


def resident(pid: int) -> dict[str, float]:
    """Return the memory lines of proc_pid_status(5) in MB of 10**6 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return {
        name: round(int(values[name].split()[0]) * 1024 / 1e6, 1) for name in ("VmRSS", "RssAnon", "RssFile", "VmHWM")
    }
