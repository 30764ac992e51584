"""Bundles and their items on the disk, each content once, under its SHA-256.

A file is whole and on the disk (fsync) before its name exists, and it is never changed. Nothing here uses the database:
what may be fetched, and by whom, is decided there. A file that no row names is harmless, and `drop_unnamed` removes it.
"""

import hashlib
import os
import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from server_broker.platform.files import sync_folder

_COPIED_AT_ONCE = 2**20


class ContentDiffers(Exception):
    """The bytes are not those that were announced."""


class BundleFolder:
    """The county's folder of bundles and items."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, sha256: bytes) -> Path:
        """Return the path of the content with that hash, whether or not it is there."""
        name = sha256.hex()
        return self._root / name[:2] / name

    def has(self, sha256: bytes) -> bool:
        """Tell whether the content is here."""
        return self.path(sha256).is_file()

    def keep(self, content: bytes) -> bytes:
        """Keep ``content`` and return its SHA-256. It is on the disk when this returns."""
        sha256 = hashlib.sha256(content).digest()
        if not self.has(sha256):
            with self._new(sha256) as new:
                new.write(content)
        return sha256

    def keep_file(self, source: Path, *, sha256: bytes, size: int) -> None:
        """Copy a file of ``size`` bytes, in pieces, so that a large one needs no memory. It is on the disk then.

        Raises:
            ContentDiffers: The file changed since its hash and size were taken. Nothing was kept.
            OSError: The file can't be read, or the disk takes nothing.
        """
        if self.has(sha256):
            return
        with source.open("rb") as read, self._new(sha256) as new:
            left, digest = size + 1, hashlib.sha256()  # one byte more shows that the file has grown
            while piece := read.read(min(left, _COPIED_AT_ONCE)):
                new.write(piece)
                digest.update(piece)
                left -= len(piece)
            if left != 1 or digest.digest() != sha256:
                raise ContentDiffers(source.name)

    def _new(self, sha256: bytes) -> "_NewFile":
        path = self.path(sha256)
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            sync_folder(self._root)
        return _NewFile(path)

    def drop_unnamed(self, named: Collection[bytes], *, before: datetime) -> int:
        """Delete the files that are not in ``named`` and were written before that time (aware); return how many.

        A younger file may belong to a publication whose transaction has not been committed yet.
        """
        dropped = 0
        for path in self._root.glob("??/*"):
            is_named = len(path.name) == 64 and bytes.fromhex(path.name) in named
            if not is_named and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                dropped += 1
        return dropped


class _NewFile:
    """A file that gets its name only when it is whole and on the disk. If the block fails, there is no file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")

    def __enter__(self) -> "_NewFile":
        self._file = os.fdopen(os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb")
        return self

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            with self._file:
                self._file.flush()
                # Before the rename: otherwise a power cut may leave the new name with no content.
                os.fsync(self._file.fileno())
            if error is None:
                self._temporary.replace(self._path)
        finally:
            self._temporary.unlink(missing_ok=True)
        sync_folder(self._path.parent)
