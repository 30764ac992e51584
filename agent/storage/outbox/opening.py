"""Open the outbox's file: make it if there is none, check it, and salvage it if it is damaged."""

from collections.abc import Callable
from pathlib import Path

from agent.storage.errors import Damaged
from agent.storage.outbox.check import STATION_KEY, checked
from agent.storage.outbox.disk import Disk, wal_of
from agent.storage.outbox.files import alone_in, check_header, finish_replacement, make
from agent.storage.outbox.progress import Progress, write_progress
from agent.storage.outbox.salvage import salvage
from agent.storage.outbox.schema import guard_facts, make_tables
from agent.storage.outbox.stream import Appender, Tip
from agent.storage.outbox.versions import mark_file
from agent.storage.outbox.wal_recovery import recover_wal
from agent.storage.store import Store
from protocol.units import Moment


def open_file(
    path: Path,
    disk: Disk,
    *,
    station: str,
    now: Callable[[], Moment],
    within_s: float = 0.0,
    working: Callable[[], None] = lambda: None,
) -> tuple[Store, Tip, Progress]:
    """Return the open and checked file, with where its newest stream stands.

    Args:
        working: Called again and again until this returns.
        within_s: How long another process that looks at the file is waited for.

    Raises:
        StorageFull: No room to make or salvage the file; what was there is untouched.
        StorageFailed: The disk failed, another process has the file, it is another station's, or a later release's.
    """
    with alone_in(path.parent, within_s=within_s):
        # First, because a file that is set aside or waits to be put in place is no new station and no damage.
        finish_replacement(path, disk, at=now())
        wal = wal_of(path)
        # A log without its file may hold facts: that is a damaged outbox, not a new one.
        if not path.exists() and not (wal.exists() and wal.stat().st_size > 0):
            make(path, disk, lambda store: _begin(store, station=station, at=now()), at=now())
        try:
            return _open_checked(path, disk, station=station, working=working)
        except Damaged:
            salvage(path, disk, station=station, now=now, working=working)
            return _open_checked(path, disk, station=station, working=working)


def _begin(store: Store, *, station: str, at: Moment) -> None:
    """Fill a new file: its tables, whose it is, and the first stream."""
    with store.transaction():
        make_tables(store)
        mark_file(store)
        store.write_state(STATION_KEY, station.encode())
        appender = Appender.begin(store, station=station, number=1, reason="first", previous=None, matched=0, at=at)
        appender.finish_reissue()
        write_progress(store, Progress(stream=1, day=0, issued=appender.tip.through))
        guard_facts(store)


def _open_checked(path: Path, disk: Disk, *, station: str, working: Callable[[], None]) -> tuple[Store, Tip, Progress]:
    """Open the file and check it; the store is closed again if it does not pass."""
    if path.is_dir():
        raise Damaged("a folder")
    check_header(path, disk)
    store = Store(path, vfs=disk.vfs, working=working)
    try:
        tip, progress = checked(store, station=station)
        tip, progress = recover_wal(store, path, disk, tip=tip, progress=progress)
        store.opened()
    except BaseException:
        store.abandon()
        raise
    return store, tip, progress
