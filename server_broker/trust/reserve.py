"""Room that is kept on the disk, so that a revocation can be written when nothing else can.

A file takes the room up and holds nothing. Whoever must write on a full disk deletes it and writes at once; it is laid
again as soon as the disk has room.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

JOURNAL_RESERVE_BYTES = 1 << 20
"""For the folder of the station journal, whose lines have some hundred bytes."""
LISTS_RESERVE_BYTES = 8 << 20
"""For the broker's folder, where new lists lie beside the old ones for a moment; 800 bytes a station."""
_NAME = "room-for-a-revocation"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TAKES_NOTHING = (*_FULL, errno.EROFS)


def reserve_space(folder: Path, size: int) -> bool:
    """Have ``size`` bytes taken up in ``folder`` unless they are, and return whether they are.

    A disk that has not twice as much free is left alone: whoever else writes there needs what it has. Free bytes are
    not all that a new file needs: a disk without a free inode, over its quota or mounted read-only has no room either.

    Raises:
        OSError: Another fault of the disk or the folder.
    """
    path = folder / _NAME
    with suppress(FileNotFoundError):
        if path.stat().st_size == size:
            return True
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < 2 * size:
        return False
    try:
        _take_up(path, size)
    except OSError as error:
        if error.errno not in _TAKES_NOTHING:
            raise
        return False
    return True


def _take_up(path: Path, size: int) -> None:
    """Raises OSError, and then no file is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
        os.ftruncate(descriptor, size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def write_with_reserve[T](folder: Path, write: Callable[[], T]) -> T:
    """Return what ``write`` returns; where the disk is full, give the room in ``folder`` up and do it once more.

    Raises:
        OSError: The disk has no room even so, or another fault. ``write`` must leave nothing half done then.
    """
    try:
        return write()
    except OSError as error:
        if error.errno not in _FULL or not _give_up(folder):
            raise
    return write()


def _give_up(folder: Path) -> bool:
    try:
        (folder / _NAME).unlink()
    except FileNotFoundError:
        return False
    return True
