"""Whole outbox files: made under another name and renamed when complete, set aside when damaged.

A file under the outbox's own name is therefore always complete. Each step is durable before the next one, so
that `finish_replacement` can finish or clear away what a power cut left at any point.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.storage.errors import Damaged, StorageFailed, storage_error
from agent.storage.outbox.damaged_file import WalFrames
from agent.storage.outbox.disk import Disk, wal_of
from agent.storage.store import PAGE_BYTES, Store
from protocol.units import Moment

_LOOK_EVERY_S = 0.05
_HEADER = b"SQLite format 3\x00" + PAGE_BYTES.to_bytes(2, "big") + b"\x02\x02\x00\x40\x20\x20"
"""Magic, page size, WAL read and write version, no reserved bytes, the fixed payload fractions (file format, 1.3)."""


@contextmanager
def alone_in(folder: Path, *, within_s: float = 0.0) -> Iterator[None]:
    """Let only one process at a time rename and remove whole files. Once a file is open, SQLite's own lock guards it.

    Args:
        within_s: How long another process is waited for.

    Raises:
        StorageFailed: Another process is opening an outbox here all that time, or there is no such folder.
    """
    with _translated():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, until=time.monotonic() + within_s)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, until: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise StorageFailed("another process is opening the outbox") from error
        time.sleep(_LOOK_EVERY_S)


def finish_replacement(path: Path, disk: Disk, *, at: Moment) -> None:
    """Finish or clear away what a power cut left of an earlier replacement.

    Raises:
        StorageFull: No room.
        StorageFailed: The disk failed.
    """
    with _translated():
        _discard(_new(path), disk)
        if _ready(path).exists():
            _put_in_place(path, disk, at=at)


def make(
    path: Path,
    disk: Disk,
    fill: Callable[[Store], None],
    *,
    at: Moment,
    working: Callable[[], None] | None = None,
) -> Path | None:
    """Make a new file with ``fill`` and put it in the place of the former file, which is set aside.

    Args:
        working: Called now and then while it is filled.

    Returns:
        Where the former file lies now; None when there was none.

    Raises:
        StorageFull: No room; what was there is untouched.
        StorageFailed: The disk failed; what was there is untouched.
    """
    made = _new(path)
    with _translated():
        try:
            _discard(made, disk)
            store = Store(made, vfs=disk.vfs, working=working)
            try:
                fill(store)
                # Everything into the file itself: the rename does not take a log along.
                store.checkpoint()
            finally:
                store.close()
        except BaseException:
            _discard(made, disk)
            raise
        # From this rename on a power cut no longer undoes the replacement: the next start finishes it.
        disk.rename(made, _ready(path))
        disk.sync_folder(path.parent)
        return _put_in_place(path, disk, at=at)


def check_header(path: Path, disk: Disk) -> None:
    """Look at the first page before SQLite opens the file, because SQLite takes a short file for a new one.

    It would then drop the log, and with it commits that the lamp was green for.

    Raises:
        Damaged: The file does not begin like one of ours, and the log holds no better first page.
    """
    try:
        with disk.open(path) as file:
            beginning = file.read(PAGE_BYTES)
        # A short file is damaged even when the log has a first page: SQLite would not look at the log.
        if len(beginning) < PAGE_BYTES:
            raise Damaged(f"{len(beginning)} bytes")
        if not beginning.startswith(_HEADER):
            with closing(WalFrames(disk, wal_of(path))) as frames:
                if not any(frames.number(index) == 1 for index in range(frames.count)):
                    raise Damaged("not an outbox file")
    except OSError as error:
        raise Damaged(f"unreadable: {error}") from error


def _new(path: Path) -> Path:
    """Return the name of a file that is being made."""
    return path.with_name(path.name + ".new")


def _ready(path: Path) -> Path:
    """Return the name of a file that is complete and waits to be put in place."""
    return path.with_name(path.name + ".ready")


def _put_in_place(path: Path, disk: Disk, *, at: Moment) -> Path | None:
    """Move the old file away, then its log, then the new file in.

    Each step is durable before the next one, because SQLite would apply a log to whatever file lies beside it.
    """
    bad = _bad_name(path, at=at)
    former = None
    for old, aside in ((path, bad), (wal_of(path), wal_of(bad))):
        if old.exists():
            disk.rename(old, aside)
            disk.sync_folder(path.parent)
            former = bad
    disk.rename(_ready(path), path)
    disk.sync_folder(path.parent)
    return former


def _bad_name(path: Path, *, at: Moment) -> Path:
    """Return a free name ``NAME.bad-YYYYmmddTHHMMSS`` (UTC)."""
    stamp = datetime.fromtimestamp(at.wall / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
        bad = path.with_name(f"{path.name}.bad-{stamp}{suffix}")
        if not bad.exists() and not wal_of(bad).exists():
            return bad
    raise StorageFailed(f"a thousand files were set aside at {stamp}")


def _discard(path: Path, disk: Disk) -> None:
    for leftover in (path, wal_of(path)):
        if leftover.exists():
            disk.remove(leftover)
            disk.sync_folder(path.parent)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error
