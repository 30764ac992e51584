"""Files that are either whole or not there."""

import ctypes
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from server_broker.platform.processes import Account


def write_atomically(path: Path, content: bytes, *, mode: int = 0o600, account: Account | None = None) -> None:
    """Replace ``path`` by ``content``, on disk when this returns; a reader sees the old file or the new one.

    Args:
        account: Who shall own it; the caller by default.
    """
    temporary, descriptor = _new_beside(path)
    try:
        _fill(descriptor, content)
        (account or Account()).own(temporary, mode)
        temporary.replace(path)
    except BaseException:  # also KeyboardInterrupt and SystemExit, because nobody else removes the file
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_once(path: Path, content: bytes) -> None:
    """Make ``path`` with ``content`` if it is not there. Of several callers at the same time, one makes it."""
    if path.exists():
        return
    own, descriptor = _new_beside(path)
    try:
        _fill(descriptor, content)
        # A link is not made over a file that is there: what another caller has used meanwhile must stay.
        with suppress(FileExistsError):
            path.hardlink_to(own)
    finally:
        own.unlink()
    sync_folder(path.parent)


def _new_beside(path: Path) -> tuple[Path, int]:
    """Return a new file in the folder of ``path``, and its descriptor."""
    # In the same folder, because a rename is atomic only within one file system. The random part keeps writers apart.
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    return new, os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        # Before it gets its name: otherwise a power cut may leave the name with no content.
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write ``folder``'s directory entries to disk, so that a new or renamed file is there after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Write all files of the file system on which ``folder`` lies to its disk (syncfs(2)).

    For many small files this is one wait for the disk instead of one for each.

    Raises:
        OSError: Something could not be written.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> bytes:
    """Return the SHA-256 of a file's content.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def file_version(path: Path) -> tuple[int, int, int]:
    """Return a file's inode, size and modification time, which change with its content; zeros if it does not exist."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)
