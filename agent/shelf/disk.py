"""The shelf's folder: files under their own SHA-256, what is still coming, and the state that says what is in force.

A file is synced before it gets its name, and the state is written when all files that it names are there. So after a
power cut at any moment the state names either the old files or the new ones, and both are whole: old files are cleared
away only after the new state is durable.
"""

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from agent.shelf.sealed import sealed_size, split_sealed
from agent.shelf.state import MAX_STATE_BYTES, ShelfState, packed, unpacked
from agent.storage.disk import Space, space
from agent.storage.durable import make_folder, sync_folder, write_durably
from agent.storage.errors import storage_error
from protocol.refusal import Refused

log = logging.getLogger(__name__)

QUOTA_BYTES = 512 * 2**20
RESERVE_BYTES, RESERVE_SHARE = 384 * 2**20, 12
"""So much stays free on the disk, or a twelfth of a small disk: more than pictures leave free, because facts go first
and pictures second."""

FIND_INDEX = "find"
"""File that is made of the bundles (`agent.shelf.find_index`)."""

_NAME = re.compile(r"[0-9a-f]{64}(\.signed)?", re.ASCII)


def signed_name(sha256: bytes) -> str:
    """Return the name of the file of a bundle or an index, which is signed (`agent.shelf.sealed`)."""
    return f"{sha256.hex()}.signed"


def item_name(sha256: bytes) -> str:
    """Return the name of the file of an item."""
    return sha256.hex()


class ShelfDisk:
    """The folder. One thread at a time changes it; any thread may read files and `state`."""

    def __init__(
        self, folder: Path, *, room: Callable[[], Space] | None = None, quota_bytes: int = QUOTA_BYTES
    ) -> None:
        """Take over the folder. Call `load` before anything else.

        Args:
            room: Tells how much room the disk has; by default it is asked about ``folder``.
        """
        self.folder = folder
        self._files = folder / "files"
        self._room = room or partial(space, folder)
        self._quota_bytes = quota_bytes
        self._seen: tuple[int, int] | None = None
        self._used: int | None = None
        """Bytes of all files here, once somebody has asked."""
        self.state = ShelfState()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep every other process from changing the folder; yields False if one is at it, and then nothing may change.

        Raises:
            StorageFull: No room for the folder.
            StorageFailed: It can't be made.
        """
        try:
            make_folder(self.folder)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise storage_error(error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                mine = True
            except BlockingIOError:
                mine = False
            yield mine
        finally:
            os.close(descriptor)

    @property
    def changed_elsewhere(self) -> bool:
        """Whether another process has put another state in force since this one read or wrote it."""
        return _mark(self.folder / "state") != self._seen

    def load(self) -> bool:
        """Read the state; return False if there is none that can be read, which then is an empty one.

        Raises:
            StorageFull: No room for the folder.
            StorageFailed: It can't be used.
        """
        self.state, self._used = ShelfState(), None
        try:
            make_folder(self._files)
            self._seen = _mark(self.folder / "state")
            raw = _read(self.folder / "state", MAX_STATE_BYTES + 32)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(error) from error
        try:
            self.state = unpacked(raw)
        except Refused as refused:
            log.warning("the shelf's state can't be read and is made again from its files: %s", refused)
            return False
        return True

    def keep(self, state: ShelfState) -> None:
        """Put another state in force, after all files that were adopted are durable.

        Raises:
            StorageFull: The one before stays in force.
            StorageFailed: The same.
        """
        try:
            sync_folder(self._files)
            write_durably(self.folder / "state", packed(state), mode=0o600)
        except OSError as error:
            raise storage_error(error) from error
        self._seen = _mark(self.folder / "state")
        self.state = state

    def has(self, name: str, size: int | None = None) -> bool:
        """Return whether a file is here, with that size if one is given."""
        try:
            found = os.lstat(self._files / name)
        except OSError:
            return False
        # A foreign thing may have a file's name.
        return os.path.isfile(self._files / name) and (size is None or found.st_size == size)

    def read_signed(self, sha256: bytes, *, limit: int) -> tuple[bytes, bytes]:
        """Return the bytes of a bundle or an index, and the signature beside them.

        Raises:
            Refused: ``wrong_hash``: they are not what they were; ``too_large``; ``malformed``.
            OSError: It can't be read.
        """
        return split_sealed(_read(self._files / signed_name(sha256), sealed_size(limit)), sha256=sha256)

    def read_item(self, sha256: bytes, *, limit: int) -> bytes:
        """Return the bytes of an item.

        Raises:
            Refused: ``wrong_hash``: they are not what they were, or more than ``limit``.
            OSError: It can't be read.
        """
        content = _read(self._files / item_name(sha256), limit)
        if hashlib.sha256(content).digest() != sha256:
            raise Refused("wrong_hash", f"not the bytes of {sha256.hex()[:16]}")
        return content

    def intact(self, sha256: bytes) -> bool:
        """Return whether an item is here and hashes to its name."""
        try:
            with open(
                os.open(self._files / item_name(sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb"
            ) as file:
                return hashlib.file_digest(file, "sha256").digest() == sha256
        except OSError:
            return False

    def names(self) -> Iterator[str]:
        """Go through the names of the files that are here.

        Raises:
            OSError: The folder can't be read.
        """
        return (entry.name for entry in os.scandir(self._files) if _NAME.fullmatch(entry.name))

    def coming(self, name: str) -> Path:
        """Return where a file lies while it is fetched."""
        # In the same folder, so that one sync of the folder keeps both the old name and the new one from coming back.
        return self._files / f"{name}.part"

    def read_raw(self, name: str, *, limit: int, coming: bool) -> bytes:
        """Return the bytes of a file that is here, or that was fetched and not adopted yet. Nothing is checked.

        Raises:
            OSError: It can't be read.
        """
        return _read(self.coming(name) if coming else self._files / name, limit)

    def adopt(self, name: str) -> None:
        """Give a fetched and verified file its place. It is durable there with the next `keep`.

        Raises:
            StorageFull: It stays where it is.
            StorageFailed: The same.
        """
        try:
            descriptor = os.open(self.coming(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.rename(self.coming(name), self._files / name)
            self._used = None if self._used is None else self._used + os.lstat(self._files / name).st_size
        except OSError as error:
            raise storage_error(error) from error

    def refuse(self, name: str) -> None:
        """Throw a fetched file away."""
        with suppress(OSError):
            os.unlink(self.coming(name))

    def discard(self, name: str) -> None:
        """Remove a file that is not what it should be."""
        with suppress(OSError):
            os.unlink(self._files / name)

    def room_for(self, size: int) -> bool:
        """Return whether a file of this size may come without taking the room that facts need."""
        try:
            room = self._room()
            # Counted once in a trip: there may be thousands of files, and each of them asks.
            if self._used is None:
                self._used = sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(self._files))
        except OSError:
            return False
        reserve = min(RESERVE_BYTES, room.total_bytes // RESERVE_SHARE) if room.total_bytes else 0
        return room.free_bytes - size >= reserve and self._used + size <= self._quota_bytes

    def sweep(self, needed: set[str]) -> None:
        """Clear away everything that nobody needs, foreign things too.

        Args:
            needed: Names of files; what is half fetched of them stays too.
        """
        self._used = None
        _clear(self._files, needed | {self.coming(name).name for name in needed})
        _clear(self.folder, {"files", "state", "lock", FIND_INDEX})


def _clear(folder: Path, needed: set[str]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        log.warning("%s can't be read: %s", folder.name, error)
        return
    for entry in entries:
        if entry.name in needed:
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                _clear(Path(entry.path), set())
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)
        except OSError as error:
            log.warning("%s is of no use and can't be removed: %s", entry.name[:80], error)


def _mark(file: Path) -> tuple[int, int] | None:
    """Return what changes whenever a file is replaced."""
    try:
        found = os.lstat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _read(path: Path, limit: int) -> bytes:
    # Not through a link of somebody's, and never waiting for a pipe that somebody put there.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        return file.read(limit)
