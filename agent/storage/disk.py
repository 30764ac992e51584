"""The disk under the station's folder: how much is free, and how much was written to its device.

The kernel counts what reaches the block device (Documentation/admin-guide/abi-stable ``/sys/block/DISK/stat``, seventh
field, in units of 512 bytes whatever the device's sector). That, and not what programs write, wears an SD card.
"""

import os
from pathlib import Path

from msgspec import Struct

_SECTOR_BYTES = 512
_WRITTEN_SECTORS = 6


class Space(Struct, frozen=True):
    """Room on a file system. Blocks that are reserved for root do not count as free."""

    free_bytes: int
    total_bytes: int


def space(folder: Path) -> Space:
    """Return the room on the file system that holds ``folder`` (statvfs(3)).

    Raises:
        OSError: The folder can't be looked at.
    """
    found = os.statvfs(folder)
    return Space(free_bytes=found.f_bavail * found.f_frsize, total_bytes=found.f_blocks * found.f_frsize)


def free_kib(folder: Path) -> int:
    """Return the room on the file system that holds ``folder``, in KiB.

    Raises:
        OSError: The folder can't be looked at.
    """
    return space(folder).free_bytes // 1024


def written_kib(folder: Path, *, sys: Path = Path("/sys")) -> int | None:
    """Return what was written since the machine started to the whole device that holds ``folder``, in KiB.

    None if the kernel does not tell, as for a file system in memory, over others, or on the network.

    Args:
        sys: Where the kernel's sysfs is mounted (sysfs(5)).
    """
    try:
        device = folder.stat().st_dev
        own = (sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}").resolve(strict=True)
        # The card wears as a whole, whichever partition is written.
        whole = own.parent if (own / "partition").exists() else own
        fields = (whole / "stat").read_text(encoding="ascii").split()
        return int(fields[_WRITTEN_SECTORS]) * _SECTOR_BYTES // 1024
    except (OSError, ValueError, IndexError):
        return None
