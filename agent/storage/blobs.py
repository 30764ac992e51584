"""Files named by their SHA-256. They are on disk before they are announced, until the county has them.

When room runs short the oldest are given up. A file whose bytes do not hash to its name is damaged and is never sent.
The name also carries a number that gives the order in which blobs were added: times of files depend on the clock.
"""

import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from agent.storage.disk import Space, space
from agent.storage.durable import make_folder, write_durably
from agent.storage.errors import StorageFailed, storage_error
from agent.storage.kept_blobs import KeptBlob, KeptBlobs

log = logging.getLogger(__name__)

DEFAULT_QUOTA_BYTES = 512 * 2**20
FLOOR_BYTES, FLOOR_SHARE = 256 * 2**20, 16
"""Blobs give way when less than this is free, or less than a sixteenth of a small disk: facts need the room."""

_NAME = re.compile(r"(\d{10})-([0-9a-f]{64})-([1-9]\d{0,7})", re.ASCII)


class BlobStore:
    """A folder of blobs. Any thread may call `write`; everything else belongs to the core's thread.

    A long outage leaves tens of thousands here, so little is in memory of each: see `KeptBlobs`. Paths are plain
    strings, because `pathlib` interns every name that it meets.
    """

    def __init__(
        self, folder: Path, *, quota_bytes: int = DEFAULT_QUOTA_BYTES, room: Callable[[], Space] | None = None
    ) -> None:
        """Take over ``folder``, which is made if need be; half-written files of an earlier run are cleared away.

        Args:
            room: Tells how much room the disk has; by default it is asked about ``folder``.

        Raises:
            StorageFull: No room.
            StorageFailed: The folder can't be used.
        """
        self._folder = folder
        self.quota_bytes = quota_bytes
        self._room = room or partial(space, folder)
        try:
            make_folder(folder)
            for leftover in folder.glob("*.part"):
                leftover.unlink()
            self._kept = KeptBlobs(blobs_in(folder))
        except OSError as error:
            raise storage_error(error) from error
        self._written: dict[bytes, KeptBlob] = {}
        self._writing = threading.Lock()
        self._next_number = self._kept.newest_number + 1

    @property
    def total_bytes(self) -> int:
        """Size of the kept blobs together, without what the file system needs for them."""
        return self._kept.total_bytes

    @property
    def waiting(self) -> int:
        """How many blobs are kept."""
        return len(self._kept)

    def write(self, content: bytes) -> bytes:
        """Put ``content`` on disk with a real fsync and return its SHA-256; it does not count until `keep`.

        Writing the same content again changes nothing. If `keep` is never called, the next start finds the blob and
        keeps it.

        Raises:
            StorageFull: No room; nothing was written.
            StorageFailed: The disk failed; nothing was written.
            ValueError: It is empty.
        """
        if not content:
            raise ValueError("an empty blob")
        sha256 = hashlib.sha256(content).digest()
        with self._writing:
            if sha256 not in self._kept and sha256 not in self._written:
                blob = KeptBlob(self._next_number, sha256, len(content))
                path = self._path(blob)
                try:
                    write_durably(path, content, beside=f"{path}.part")
                except OSError as error:
                    raise storage_error(error) from error
                self._next_number += 1
                self._written[sha256] = blob
        return sha256

    def keep(self, sha256: bytes) -> bool:
        """Count a written blob among those that wait for the county; return whether it is new there.

        Raises:
            StorageFailed: It is no longer here.
        """
        if sha256 in self._kept:
            return False
        blob = self._written.get(sha256)
        if blob is None:
            raise StorageFailed("a blob was dropped before it was kept")
        # In this order, `write` on its thread sees the blob at any moment.
        self._kept.add(blob)
        del self._written[sha256]
        return True

    def unwrite(self, sha256: bytes) -> None:
        """Remove a blob that was written and not kept.

        Raises:
            StorageFailed: The disk failed; it may still be here at the next start.
        """
        blob = self._written.pop(sha256, None)
        if blob is not None:
            self._remove(blob)

    def pending(self) -> Iterator[tuple[bytes, int]]:
        """Go through ``(sha256, size)`` of the kept blobs, the oldest first; drop none meanwhile."""
        return ((blob.sha256, blob.size) for blob in self._kept)

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        """Return bytes of a blob, fewer at its end.

        Raises:
            KeyError: It is not here.
            StorageFailed: It can't be read.
        """
        blob = self._kept.find(sha256)
        if blob is None:
            raise KeyError(sha256)
        try:
            with open(self._path(blob), "rb") as file:
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise storage_error(error) from error

    def intact(self, sha256: bytes) -> bool:
        """Return whether a blob is here and its bytes still hash to its name."""
        blob = self._kept.find(sha256)
        if blob is None:
            return False
        try:
            with open(self._path(blob), "rb") as file:
                return hashlib.file_digest(file, "sha256").digest() == sha256
        except OSError:
            return False

    def drop(self, sha256: bytes) -> None:
        """Remove a blob: the county has it, or it is given up. It is no error when there is none.

        Raises:
            StorageFailed: The disk failed; it may still be here at the next start.
        """
        blob = self._kept.remove(sha256)
        if blob is not None:
            self._remove(blob)

    def surplus(self, *, room_for: int = 0) -> list[bytes]:
        """Return the oldest blobs that must go, so that ``room_for`` more bytes fit and the disk has room for facts.

        Nothing is dropped here: the caller first states each blob's end as a fact, and then drops it.
        """
        too_much = self.total_bytes + room_for - self.quota_bytes
        try:
            room = self._room()
        except OSError as error:
            # The quota still bounds the blobs.
            log.warning("how much room the disk has can't be told: %s", error)
        else:
            needed = min(FLOOR_BYTES, room.total_bytes // FLOOR_SHARE) + room_for
            too_much = max(too_much, needed - room.free_bytes)
        oldest: list[bytes] = []
        for blob in self._kept if too_much > 0 else ():
            oldest.append(blob.sha256)
            too_much -= blob.size
            if too_much <= 0:
                break
        return oldest

    def _remove(self, blob: KeptBlob) -> None:
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._path(blob))
        except OSError as error:
            raise storage_error(error) from error

    def _path(self, blob: KeptBlob) -> str:
        return f"{self._folder}/{blob.name}"


def blobs_in(folder: Path) -> Iterator[KeptBlob]:
    """Go through the blobs that lie in a folder, in no order; nothing is written.

    Raises:
        OSError: The folder can't be read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if (name := _NAME.fullmatch(entry.name)) is not None:
                yield KeptBlob(int(name[1]), bytes.fromhex(name[2]), int(name[3]))
