"""What a county has beside its database: keys and settings in one archive, pictures, bundles and packages in more and
more of them.

Pictures and bundles are named by their hash, so a file that was packed never changes. An index beside the repository
remembers which archive has which file. It is only a memory: if it is gone, everything is packed anew.
"""

import datetime as dt
import hashlib
import os
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from server_broker.backup.encryption import Written
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

_NOT_KEPT = frozenset(
    {
        "postgres",
        "run",
        "logs",
        "static",
        "broker",
        "by-units",
        "backup",
        "backup-check",
        "dumps",
        "restoring",
        "media",
        "bundles",
    }
)
"""What is made anew, runs on this machine alone, or is copied in another way."""
_BLOB_FOLDERS = ("media", "bundles")
_PACKAGES = Path("apt/public/pool")
"""The packages for stations. A file there has its version in its name, and never changes either."""
_CODE = frozenset({".py", ".pyc", ".pth", ".so"})
"""How the name of a file ends that Python would load. A county's folder has none."""
ARCHIVE_BYTES = 64 * 2**20
SMALL_ARCHIVE_BYTES = ARCHIVE_BYTES // 2
"""Archives below this are packed together once a day."""
_SURE_AFTER_S = 5.0
"""A folder's time says that nothing came since only if the look at it was so much later: clocks of disks are coarse."""

_TABLES = """
CREATE TABLE IF NOT EXISTS packed (path TEXT PRIMARY KEY, archive TEXT NOT NULL, gone_at REAL);
CREATE INDEX IF NOT EXISTS packed_archive ON packed (archive);
CREATE TABLE IF NOT EXISTS folder (path TEXT PRIMARY KEY, changed_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS written (path TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS damaged (path TEXT PRIMARY KEY);
"""


def kept_files(home: CountyHome) -> list[Path]:
    """Return the files that make a county again with what `CopyIndex` packs and the database: keys, settings, marks.

    What a later version adds to the folder is among them, unless it is named as not kept.
    """
    tops = [path for path in sorted(home.root.iterdir()) if path.name not in _NOT_KEPT and path.name[0] != "."]
    files = [file for top in tops for file in (sorted(top.rglob("*")) if top.is_dir() else [top])]
    return [file for file in files if file.is_file() and _is_kept(file.relative_to(home.root))]


def _is_kept(file: Path) -> bool:
    if file.parts[0] in _NOT_KEPT or file.parts[0].startswith("."):
        return False
    return not (file.name.startswith(".") or file.suffix in _CODE or file.is_relative_to(_PACKAGES))


def _is_blob(file: Path) -> bool:
    return file.parts[0] in _BLOB_FOLDERS or file.is_relative_to(_PACKAGES)


def fingerprint(files: Iterable[Path]) -> str:
    """Return what changes if one of the files does."""
    seen = hashlib.sha256()
    for file in files:
        with suppress(FileNotFoundError):
            found = file.stat()
            seen.update(f"{file}\0{found.st_ino}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return seen.hexdigest()


def write_archive(pipe: IO[bytes], root: Path, files: Iterable[Path]) -> None:
    """Write files as a tar archive, by their paths below ``root``. One that has gone meanwhile is left out."""
    with tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            try:
                content = file.open("rb")
            except FileNotFoundError:
                continue
            with content:
                said = archive.gettarinfo(arcname=str(file.relative_to(root)), fileobj=content)
                said.uid = said.gid = 0
                said.uname = said.gname = ""
                archive.addfile(said, content)


def unpack(stream: IO[bytes], root: Path, *, blobs: bool) -> None:
    """Unpack an archive below ``root``, regular files alone. Folders that it makes are for their owner only.

    Args:
        blobs: It is one of pictures, bundles and packages, not that of keys and settings.

    Raises:
        ServiceError: It holds a file that no copy puts there, such as one of the database or of a program.
        tarfile.TarError: It is damaged, or names something outside of ``root``.
    """
    belongs = _is_blob if blobs else _is_kept
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            path = tarfile.data_filter(member, str(root))
            if path.isreg():
                if not belongs(Path(path.name)):
                    raise ServiceError(f"备份里有不该有的文件 {path.name}，没有恢复")
                _make_folders(root, Path(path.name))
                archive.extract(path, root, filter="data")
    # age says only at the end of the file whether all of it was whole.
    while stream.read(2**20):
        pass


def _make_folders(root: Path, file: Path) -> None:
    # One by one: of several at once, mkdir gives its mode to the last one alone.
    for folder in reversed(file.parents):
        (root / folder).mkdir(exist_ok=True, mode=0o700)


@contextmanager
def copy_index(home: CountyHome, disk: str) -> Iterator["CopyIndex"]:
    """Open the index of the disk with this id."""
    with closing(sqlite3.connect(home.backup / f"copied-{disk}.sqlite")) as index:
        index.executescript(_TABLES)
        yield CopyIndex(home, index)


class CopyIndex:
    """Remembers what was written to one disk, and which archives on it have which pictures, bundles and packages.

    Each method is one transaction.
    """

    def __init__(self, home: CountyHome, index: sqlite3.Connection) -> None:
        self._home = home
        self._index = index

    def written(self) -> dict[str, Written]:
        """Return what was written, also by a copy that did not come to its end: the next one goes on from there."""
        with self._index as index:
            rows = index.execute("SELECT path, size, sha256 FROM written").fetchall()
        return {path: Written(size, sha256) for path, size, sha256 in rows}

    def note_written(self, path: str, written: Written) -> None:
        """Note a file that is whole on the disk."""
        with self._index as index:
            row = (path, written.size, written.sha256)
            index.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?)", row)
            index.execute("DELETE FROM damaged WHERE path = ?", [path])

    def note_damaged(self, paths: Iterable[str]) -> None:
        """Note files that are not what they were on the disk, so that they are written anew."""
        with self._index as index:
            index.executemany("INSERT OR IGNORE INTO damaged VALUES (?)", [(path,) for path in paths])

    def damaged(self) -> set[str]:
        """Return the damaged files that nobody has written anew yet."""
        return {path for (path,) in self._index.execute("SELECT path FROM damaged")}

    def forget_others(self, kept: Iterable[str]) -> None:
        """Forget what is not ``kept``."""
        with self._index as index:
            there = set(kept)
            known = index.execute("SELECT path FROM written UNION SELECT path FROM damaged")
            gone = [(path,) for (path,) in known if path not in there]
            index.executemany("DELETE FROM written WHERE path = ?", gone)
            index.executemany("DELETE FROM damaged WHERE path = ?", gone)

    def keep_archives(self, there: set[str]) -> set[str]:
        """Forget the archives that are not ``there`` any more: their files are packed anew. Return those known."""
        with self._index as index:
            known = {name for (name,) in index.execute("SELECT DISTINCT archive FROM packed")}
            self._forget(index, known - there)
        return known & there

    def _forget(self, index: sqlite3.Connection, archives: Iterable[str]) -> None:
        gone = [(name,) for name in archives]
        index.executemany("DELETE FROM packed WHERE archive = ?", gone)
        if gone:
            # Also what did not change since has something to pack now.
            index.execute("DELETE FROM folder")

    def drop_due(self, *, now: dt.datetime, keep: dt.timedelta, sizes: dict[str, int]) -> set[str]:
        """Give up archives, and return their names: those with a file that the county erased longer than ``keep`` ago,
        and small ones, if there are several. What they have and the county still has is packed anew."""
        with self._index as index:
            before = (now - keep).timestamp()
            due = {name for (name,) in index.execute("SELECT DISTINCT archive FROM packed WHERE gone_at < ?", [before])}
            small = {name for name, size in sizes.items() if size < SMALL_ARCHIVE_BYTES}
            due |= small if len(small) > 1 else set()
            self._forget(index, due)
        return due

    def look(self, now: dt.datetime) -> list[Path]:
        """Note which files the county has erased, and return those that are in no archive."""
        new = []
        with self._index as index:
            for folder in self._folders():
                changed_ns = folder.stat().st_mtime_ns
                name = str(folder.relative_to(self._home.root))
                if index.execute(
                    "SELECT 1 FROM folder WHERE path = ? AND changed_ns = ?", [name, changed_ns]
                ).fetchone():
                    continue
                there = {
                    f"{name}/{file}" for file in os.listdir(folder) if (folder / file).is_file() and file[0] != "."
                }
                known = dict(index.execute("SELECT path, gone_at FROM packed WHERE path GLOB ?", [f"{name}/*"]))
                known = {path: gone for path, gone in known.items() if path.rpartition("/")[0] == name}
                gone = [(now.timestamp(), path) for path in known.keys() - there if known[path] is None]
                index.executemany("UPDATE packed SET gone_at = ? WHERE path = ?", gone)
                back = [(path,) for path in known.keys() & there if known[path] is not None]
                index.executemany("UPDATE packed SET gone_at = NULL WHERE path = ?", back)
                missing = sorted(there - known.keys())
                new += [self._home.root / path for path in missing]
                if not missing and time.time() - changed_ns / 1e9 > _SURE_AFTER_S:
                    index.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", [name, changed_ns])
        return new

    def _folders(self) -> Iterator[Path]:
        for top in (self._home.root / name for name in _BLOB_FOLDERS):
            if top.is_dir():
                yield top
                # Not the pieces of pictures: their stations still have them and send what is missing.
                yield from (path for path in sorted(top.iterdir()) if path.is_dir() and path.name != "partial")
        yield from (path for path, _, _ in (self._home.root / _PACKAGES).walk())

    def note(self, archive: str, files: Iterable[Path]) -> None:
        """Note that an archive that is on the disk has these files."""
        rows = [(str(file.relative_to(self._home.root)), archive) for file in files]
        with self._index as index:
            index.executemany("INSERT OR REPLACE INTO packed (path, archive) VALUES (?, ?)", rows)


def shares(
    files: Iterable[Path], *, limit: int = ARCHIVE_BYTES, size: Callable[[Path], int] | None = None
) -> Iterator[list[Path]]:
    """Yield the files in shares of about ``limit`` bytes."""
    share: list[Path] = []
    weight = 0
    for file in files:
        share.append(file)
        with suppress(FileNotFoundError):
            weight += (size or _size)(file)
        if weight >= limit:
            yield share
            share, weight = [], 0
    if share:
        yield share


def _size(file: Path) -> int:
    return file.stat().st_size
