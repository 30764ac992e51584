"""What a program costs, as the kernel counts it: while it runs, and over all the times that it was started."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")
_SESSION, _USER, _CHILDREN_SYSTEM, _RSS = 3, 11, 14, 21
"""Places in /proc/PID/stat after the command's name (proc_pid_stat(5))."""


class Spent:
    """Processor time and memory of the sessions of a program, one after another, a new one at each start."""

    def __init__(self) -> None:
        self._ended_s = 0.0
        self.peak_mb = 0.0
        """Largest resident memory of all measurements."""

    def look(self, session: int) -> float:
        """Return what all processes of the session hold in memory now, in MB of 10**6 bytes."""
        resident_mb = sum(int(fields[_RSS]) for fields in _of_session(session)) * _PAGE / 1e6
        self.peak_mb = max(self.peak_mb, resident_mb)
        return resident_mb

    def ends(self, session: int) -> None:
        """Take note of the session's processor time, because the session is about to end."""
        self._ended_s += cpu_s(session)

    def cpu_s(self, session: int) -> float:
        """Return the processor time of all sessions so far, including the one that is running."""
        return self._ended_s + cpu_s(session)


def cpu_s(session: int) -> float:
    """Return seconds in user and kernel mode of the session's processes and of their children that have ended."""
    return sum(sum(map(int, fields[_USER : _CHILDREN_SYSTEM + 1])) for fields in _of_session(session)) * _TICK_S


def _of_session(session: int) -> Iterator[list[str]]:
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if session and int(fields[_SESSION]) == session:
            yield fields
