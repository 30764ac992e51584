"""Reserve disk space, so that a revocation can be written even when the disk is full.

An empty file of the reserved size takes up the space. A writer that finds the disk full deletes this file and writes
again at once. The county's chores make the file again as soon as the disk has space.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

JOURNAL_RESERVE_BYTES = 1 << 20
"""For the folder of the station journal. A line has a few hundred bytes."""
LISTS_RESERVE_BYTES = 8 << 20
"""For the broker's folder. While lists are replaced, old and new lie side by side; they take 40 bytes a station, and
80 bytes a revoked certificate."""
_NAME = "room-for-a-revocation"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TAKES_NOTHING = (*_FULL, errno.EROFS)


def reserve_space(folder: Path, size: int) -> bool:
    """Reserve ``size`` bytes in ``folder`` if they are not reserved yet, and return whether they are reserved now.

    Nothing is reserved on a disk with less than twice that space free, because other writers need what is left. Nor if
    the disk has no free inode, is over its quota or is mounted read-only: then a new file can't be made at all.

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


@contextmanager
def reserved_after(folder: Path, size: int) -> Iterator[None]:
    """Reserve ``size`` bytes in ``folder`` after the block, even if it raises.

    So a fault of the disk here can't keep stations from being put out.

    Raises:
        OSError: As `reserve_space`. The block was run.
    """
    try:
        yield
    finally:
        reserve_space(folder, size)


def _take_up(path: Path, size: int) -> None:
    """Make the file. If this raises an OSError, no file is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # ftruncate alone would make a sparse file, which reserves nothing.
        os.posix_fallocate(descriptor, 0, size)
        os.ftruncate(descriptor, size)  # a larger file of an earlier version shrinks
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def write_with_reserve[T](folder: Path, write: Callable[[], T]) -> T:
    """Call ``write`` and return its result. If the disk is full, free the reserved space and call it once more.

    Args:
        write: Must be safe to call again after it failed.

    Raises:
        OSError: There is not enough space even so, or the disk has another fault.
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
