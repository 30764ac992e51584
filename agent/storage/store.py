"""The station's one file: everything durable except blobs, in SQLite, committed with a real fsync.

One connection, WAL, ``synchronous=FULL``, exclusive locking (so no shared-memory file either). When `Store.transaction`
ends without an error, what it wrote survives a power cut; when it raises, nothing of it was written.

``psow=0`` makes SQLite pad each commit to a whole 4096-byte sector, so that a write torn by a power cut never touches
bytes of an earlier commit; SD cards do not keep the promise that psow=1 assumes (https://sqlite.org/psow.html).
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Buffer, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

import apsw

from agent.storage.errors import Damaged, StorageError, StorageFailed, StorageFull, no_space

PAGE_BYTES = 4096
CHECKPOINT_FRAMES = 1000
"""WAL frames between checkpoints. A start must read them all, so they are few. Each checkpoint costs time, so
they are not fewer."""

CACHE_KIB = 256
"""Pages held in memory. A touch needs the newest pages and some of the indexes; a scan of the file needs no cache."""

PRAGMAS: tuple[tuple[str, str, str | int], ...] = (
    ("locking_mode", "EXCLUSIVE", "exclusive"),
    ("page_size", str(PAGE_BYTES), PAGE_BYTES),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("wal_autocheckpoint", str(CHECKPOINT_FRAMES), CHECKPOINT_FRAMES),
    ("foreign_keys", "ON", 1),
    ("cell_size_check", "ON", 1),
    ("cache_size", str(-CACHE_KIB), -CACHE_KIB),
    ("trusted_schema", "OFF", 0),
)
"""``(name, value set, value that must be read back)``.

Exclusive locking comes before WAL, because then SQLite maps no -shm file.
"""

STATE_TABLE = "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL, seal BLOB NOT NULL) STRICT"

_LOCK_BYTES = (0x40000000, 512)
"""Where SQLite's locks lie, first and count (https://sqlite.org/fileformat2.html, "The Lock-Byte Page")."""
_FLOCK = "hhqqi4x"
"""struct flock of a 64-bit Linux: l_type, l_whence, l_start, l_len, l_pid."""

type Value = int | float | str | Buffer | None
type Row = tuple[Value, ...]


def locked_elsewhere(descriptor: int) -> bool:
    """Return whether another process holds SQLite's lock on an open file.

    The question (fcntl(2), F_GETLK) takes no lock itself, so it never gets into the way of an agent that starts.
    """
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, *_LOCK_BYTES, 0)
    (kind, *_) = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return bool(kind != fcntl.F_UNLCK)


def state_seal(key: str, value: bytes) -> bytes:
    """Return the 16 bytes that tell an intact state row from a damaged one."""
    return hashlib.sha256(b"cunhui state 1\x00" + key.encode() + b"\x00" + value).digest()[:16]


class Store:
    """The open file. Use it from one thread."""

    def __init__(self, path: Path, *, vfs: str = "", working: Callable[[], None] | None = None) -> None:
        """Open ``path``, which need not exist, and take it for this process alone.

        Args:
            vfs: Name of the SQLite VFS to go through; empty for the system's.
            working: Called now and then while a statement runs, until `opened`.

        Raises:
            Damaged: Not a database, unreadable, or its pages contradict one another.
            StorageFull: No room.
            StorageFailed: It can't be opened, another process has it, or a durability setting did not take.
        """
        self._closed = False
        with _translated(None, unreadable=Damaged):
            self._connection = apsw.Connection(_uri(path), flags=_FLAGS, vfs=vfs or None)
        try:
            with _translated(self._connection, unreadable=Damaged):
                # Closing a file must not empty its log: salvage reads it. `close` allows it.
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                if working is not None:
                    self._connection.set_progress_handler(partial(_go_on, working), _STEPS)
                for name, value, expected in PRAGMAS:
                    self._connection.execute(f"PRAGMA {name}={value}").fetchall()
                    # SQLite ignores a setting that it can't take, without an error.
                    taken = self._connection.execute(f"PRAGMA {name}").fetchall()[0][0]
                    if name == "page_size" and taken != expected:
                        # The page size was fixed when the file was made, so the file is none of ours.
                        raise Damaged(f"page size {taken}")
                    if taken != expected:
                        raise StorageFailed(f"SQLite keeps {name}={taken!r}, not {expected!r}")
        except BaseException:
            self.abandon()
            raise

    def opened(self) -> None:
        """Call ``working`` no more."""
        self._connection.set_progress_handler(None)

    def check_pages(self) -> None:
        """Read every page and check that the file is consistent.

        ``quick_check`` does not compare indexes with their rows, so the two tables that have indexes are checked again.

        Raises:
            Damaged: The file is not consistent, or a page can't be read.
        """
        with _translated(self._connection, unreadable=Damaged):
            for check in ("quick_check(1)", "integrity_check(streams)", "integrity_check(state)"):
                verdict = self._connection.execute(f"PRAGMA {check}").fetchall()
                if verdict != [("ok",)]:
                    raise Damaged(str(verdict[0][0])[:200] if verdict else "no verdict")

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and return its rows.

        Raises:
            StorageFull: No room.
            StorageFailed: The disk failed; `Damaged` when it is the file.
        """
        with _translated(self._connection):
            return self._connection.execute(sql, values).fetchall()

    def write_rows(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for each of ``rows``, inside the caller's transaction.

        Raises:
            StorageFull: No room.
            StorageFailed: The disk or the file failed.
        """
        with _translated(self._connection):
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside durable together: on disk when this ends, or not at all when it raises.

        Raises:
            StorageFull: No room; rolled back.
            StorageFailed: The disk or the file failed; rolled back.
        """
        self._roll_back()
        # IMMEDIATE takes the lock for writing now, so that no later statement fails for want of it.
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            with suppress(StorageError):
                self._roll_back()
            raise

    def commit_so_far(self) -> None:
        """Make durable what the open transaction has written, and go on in another one.

        Raises:
            StorageFull: No room.
            StorageFailed: The disk or the file failed.
        """
        self.rows("COMMIT")
        self.rows("BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        """End the transaction that is open, if any. An earlier rollback may have failed and left it."""
        if self._connection.in_transaction:
            self.rows("ROLLBACK")

    def get(self, key: str) -> bytes | None:
        """Return a state value, or None when there is none or it is damaged."""
        # SQLite does not notice a bit of a value that flipped on the card. The seal does.
        for value, seal in self.rows("SELECT value, seal FROM state WHERE key = ?", (key,)):
            if isinstance(value, bytes) and seal == state_seal(key, value):
                return value
        return None

    def write_state(self, key: str, value: bytes) -> None:
        """Set a state value inside the caller's transaction."""
        sql = "INSERT OR REPLACE INTO state (key, value, seal) VALUES (?, ?, ?)"
        self.rows(sql, (key, value, state_seal(key, value)))

    def checkpoint(self) -> None:
        """Bring everything from the log into the file itself and empty the log.

        Raises:
            StorageFull: No room; the log keeps everything.
            StorageFailed: The disk failed; the log keeps everything.
        """
        busy, _frames, _moved = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        if busy:
            raise StorageFailed("the log could not be emptied")

    def close(self) -> None:
        """Close the file. SQLite checkpoints before; if that fails, the log stays and nothing is lost."""
        if self._closed:
            return
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        self.abandon()

    def abandon(self) -> None:
        """Close the file and leave it and its log as they are, for salvage to read."""
        self._closed = True
        self._connection.close(True)


def _go_on(working: Callable[[], None]) -> bool:
    """Call ``working``, and let SQLite go on with its statement."""
    working()
    return False


_STEPS = 10_000
"""Instructions of SQLite's virtual machine between two calls of a progress handler: some milliseconds on a Pi."""
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


def _uri(path: Path) -> str:
    return f"file:{quote(str(path))}?psow=0"


@contextmanager
def _translated(
    connection: apsw.Connection | None, *, unreadable: type[StorageFailed] = StorageFailed
) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Args:
        unreadable: What an I/O error means. While a file is opened, pages that can't be read make it `Damaged`, so
            that salvage has its turn; later, the disk failed.
    """
    try:
        yield
    except apsw.FullError as error:
        raise StorageFull("no room on the disk") from error
    except apsw.IOError as error:
        if connection is not None and no_space(connection.system_errno):
            raise StorageFull("no room on the disk") from error
        raise unreadable(f"disk error: {error}") from error
    # Our statements are right, so an SQL error means that the file describes other tables.
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, apsw.MismatchError, UnicodeDecodeError) as error:
        raise Damaged(f"damaged file: {error}") from error
    except (apsw.Error, OSError) as error:
        raise StorageFailed(f"{type(error).__name__}: {error}") from error
