"""How the disk under the station's folder does: how much is free, and how much was written to its device.

The kernel counts what reaches the block device (Documentation/admin-guide/abi-stable ``/sys/block/DISK/stat``, seventh
field, in units of 512 bytes whatever the device's sector): that wears a card, not what programs wrote.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SECTOR_BYTES = 512
_WRITTEN_SECTORS = 6
_MS_PER_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a file system, for others than root."""

    free_bytes: int
    total_bytes: int


def space(folder: Path) -> Space:
    """Return the room on the file system that holds ``folder`` (statvfs(3)).

    Raises:
        OSError: The folder can't be looked at.
    """
    found = os.statvfs(folder)
    return Space(free_bytes=found.f_bavail * found.f_frsize, total_bytes=found.f_blocks * found.f_frsize)


class DiskGauge:
    """Reads, and never writes."""

    def __init__(self, folder: Path, *, sys: Path = Path("/sys")) -> None:
        """Watch the disk that holds ``folder``; ``sys`` is where the kernel's sysfs is mounted (sysfs(5))."""
        self._folder = folder
        self._sys = sys

    def free_kib(self) -> int:
        """Return how much is free, in KiB.

        Raises:
            OSError: The folder can't be looked at.
        """
        return space(self._folder).free_bytes // 1024

    def written_kib(self) -> int | None:
        """Return what was written to the whole device since the machine started, in KiB.

        None where the kernel does not tell: a file system in memory, over others, or on the network.
        """
        try:
            device = os.stat(self._folder).st_dev
            own = (self._sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}").resolve(strict=True)
            whole = own.parent if (own / "partition").exists() else own
            fields = (whole / "stat").read_text(encoding="ascii").split()
            return int(fields[_WRITTEN_SECTORS]) * _SECTOR_BYTES // 1024
        except (OSError, ValueError, IndexError):
            return None


class WrittenToday:
    """Counts what was written since the day began, or since this program started, whichever was later."""

    def __init__(self, written_kib: Callable[[], int | None]) -> None:
        """Count by ``written_kib``, which only rises while the machine is up: see `DiskGauge.written_kib`."""
        self._written_kib = written_kib
        self._day: int | None = None
        self._at_first = 0

    def kib(self, *, wall_ms: int) -> int | None:
        """Return how much it is at ``wall_ms``, in KiB; None where the kernel does not tell. A day begins at 00:00 UTC.

        Call it now and then: what was written between the last call of a day and the next day's first counts for none.
        """
        written = self._written_kib()
        if written is None:
            return None
        if wall_ms // _MS_PER_DAY != self._day or written < self._at_first:
            self._day, self._at_first = wall_ms // _MS_PER_DAY, written
        return written - self._at_first
