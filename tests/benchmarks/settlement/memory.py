"""The most memory that this process had since it was asked to begin counting."""

from pathlib import Path

_RESET_PEAK = "5"
"""Sets VmHWM back to what the process has now (proc(5), /proc/PID/clear_refs)."""


def begin_counting() -> None:
    """Forget what this process had before."""
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")


def most_mb() -> float:
    """Return the most that it had since, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return round(int(line.split()[1]) / 1024, 1)
