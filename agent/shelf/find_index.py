"""The shelf's titles by their digits, in a file of the shelf, so that a search reads no bundle and keeps nothing in
memory.

The file is derived from the bundles and may vanish at any moment: it is made anew on the shelf's thread, in a file
beside it that takes its place when it is whole. The core only reads, and opens the file for each search. So neither
waits for the other, and nothing of it stays in memory.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import apsw
from msgspec import UNSET, Meta, Struct, UnsetType

from agent.shelf.disk import FIND_INDEX, ShelfDisk
from agent.shelf.state import HeldBundle
from agent.storage.durable import sync_folder
from protocol.bundles import MAX_BUNDLE_BYTES, BundleKind
from protocol.codec import Message, decode
from protocol.finding import MAX_FIND_ENTRIES, FindEntry
from protocol.refusal import Refused

log = logging.getLogger(__name__)

FINDABLE: tuple[BundleKind, ...] = ("disclosure", "library", "notices", "questions")
"""Kinds of bundles whose titles anybody may see. What is about one person is in none of them."""
ROOM_BYTES = 4 * 2**20
"""The disk must have so much room for a new index; facts go first."""

_FORMAT = 1
_CACHE_KIB = 128
_TABLES = """
CREATE TABLE bundle (number INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE entry (bundle INTEGER NOT NULL, of TEXT NOT NULL, title TEXT NOT NULL, digits TEXT NOT NULL) STRICT;
"""
# Each way of reading a title begins with a space, so that "at the beginning" is found as " 28".
_FITTING = """
SELECT bundle.sha256, entry.of, entry.title FROM entry JOIN bundle ON bundle.number = entry.bundle
WHERE instr(entry.digits, ?1) > 0 AND bundle.number IN ({numbers})
ORDER BY instr(entry.digits, ' ' || ?1) = 0, entry.bundle DESC, entry.rowid LIMIT ?2
"""
# The first entry of a thing is its title; the others are its headings.
_NEWEST = """
SELECT bundle.sha256, entry.of, entry.title, min(entry.rowid) AS first
FROM entry JOIN bundle ON bundle.number = entry.bundle WHERE bundle.number IN ({numbers})
GROUP BY entry.bundle, entry.of ORDER BY entry.bundle DESC, first LIMIT ?1
"""


class Fitting(Struct, frozen=True):
    """An entry whose title fits, and the bundle that it is of."""

    held: HeldBundle
    of: str
    title: str


class NotIndexed(Exception):
    """The index is not there, or can't be read. It has to be made anew."""


class _Findable(Message, frozen=True, kw_only=True):
    """Of a bundle only what can be found in it."""

    find: Annotated[list[FindEntry], Meta(max_length=MAX_FIND_ENTRIES)] | UnsetType = UNSET


class FindIndex:
    """The file."""

    def __init__(self, disk: ShelfDisk) -> None:
        self._disk = disk
        self._file = disk.folder / FIND_INDEX

    def search(self, digits: str, offered: Sequence[HeldBundle], *, limit: int) -> tuple[list[Fitting], bool]:
        """Return at most ``limit`` entries whose titles have these digits in a row, those that begin with them first,
        and whether all of ``offered`` could be searched. For no digits the newest titles.

        Args:
            offered: The bundles that may be shown now. Nothing of any other is found, whatever the index has.

        Raises:
            NotIndexed: Nothing can be searched.
        """
        by_hash = {one.sha256: one for one in offered}
        try:
            with closing(_opened(self._file)) as index:
                numbers = {
                    bytes(sha256): number for number, sha256 in index.execute("SELECT number, sha256 FROM bundle")
                }
                here = by_hash.keys() & numbers.keys()
                chosen = ",".join(str(int(numbers[sha256])) for sha256 in here)
                rows = list(_rows_of(index, digits, chosen, limit))
        except (apsw.Error, OSError, UnicodeDecodeError) as error:
            raise NotIndexed(f"the index can't be read: {error}") from error
        return [Fitting(by_hash[bytes(sha256)], of, title) for sha256, of, title, *_ in rows], len(here) == len(by_hash)

    def follow(self) -> None:
        """Have the index say what is in force, if it does not. Called on the thread that changes the shelf.

        A disk that takes nothing costs only the search; the log says so.
        """
        held = [one for one in self._disk.state.held if one.kind in FINDABLE]
        if [one.sha256 for one in held] == self._indexed():
            return
        if not self._disk.room_for(ROOM_BYTES):
            log.warning("no room for the index of the shelf's titles")
            return
        beside = self._file.with_suffix(".new")
        try:
            _remove(beside)
            self._write(beside, held)
            _sync(beside)
            os.rename(beside, self._file)
            sync_folder(self._file.parent)
        except (apsw.Error, OSError) as error:
            log.warning("the index of the shelf's titles can't be written: %s", error)
            with suppress(OSError):
                _remove(beside)

    def _indexed(self) -> list[bytes]:
        """Return the bundles that the index has, in their order; none if it can't be read."""
        try:
            with closing(_opened(self._file)) as index:
                damage = index.execute("PRAGMA quick_check(1)").fetchone()
                if damage != ("ok",):
                    raise apsw.CorruptError(f"the index is damaged: {damage}")
                return [bytes(sha256) for (sha256,) in index.execute("SELECT sha256 FROM bundle ORDER BY number")]
        except FileNotFoundError:
            return []
        except (apsw.Error, OSError) as error:
            log.warning("the index of the shelf's titles is made anew: %s", error)
            return []

    def _write(self, beside: Path, held: Sequence[HeldBundle]) -> None:
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        with closing(apsw.Connection(str(beside))) as index:
            # A half-written file never gets the index's name, so SQLite needs no journal for it.
            for pragma in (
                "journal_mode=OFF",
                "synchronous=OFF",
                f"cache_size=-{_CACHE_KIB}",
                f"user_version={_FORMAT}",
            ):
                index.execute(f"PRAGMA {pragma}")
            index.execute("BEGIN")
            index.execute(_TABLES)
            for number, one in enumerate(held):
                try:
                    entries = self._entries(one)
                except (Refused, OSError) as error:
                    # It stays out, so that a search asks for it, and the next trip looks what is wrong with it.
                    log.warning("the titles of bundle %s %d can't be read: %s", one.id, one.version, error)
                    continue
                index.execute("INSERT INTO bundle VALUES (?, ?)", (number, one.sha256))
                index.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", _rows(number, entries))
            index.execute("COMMIT")

    def _entries(self, held: HeldBundle) -> list[FindEntry]:
        payload, _ = self._disk.read_signed(held.sha256, limit=MAX_BUNDLE_BYTES)
        find = decode(payload, _Findable, limit=MAX_BUNDLE_BYTES).find
        return [] if find is UNSET else find


def _rows_of(index: apsw.Connection, digits: str, numbers: str, limit: int) -> apsw.Cursor:
    if digits:
        return index.execute(_FITTING.format(numbers=numbers), (digits, limit))
    return index.execute(_NEWEST.format(numbers=numbers), (limit,))


def _rows(number: int, entries: Sequence[FindEntry]) -> Iterator[tuple[int, str, str, str]]:
    return ((number, one.of, one.title, "".join(f" {digits}" for digits in one.digits)) for one in entries)


def _opened(file: Path) -> apsw.Connection:
    """Open the index to read.

    Raises:
        apsw.Error: It can't be read, or another release made it.
        OSError: It is not there.
    """
    os.close(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
    # Immutable: nobody writes a file that has this name, so SQLite needs neither locks nor a journal.
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    index = apsw.Connection(f"file:{quote(str(file))}?immutable=1", flags=flags)
    try:
        index.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        if index.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
            raise apsw.NotADBError("another release made it")
    except apsw.Error:
        index.close()
        raise
    return index


def _remove(file: Path) -> None:
    with suppress(FileNotFoundError):
        os.unlink(file)


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
