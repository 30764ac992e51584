"""What the outbox does with whole files. Proofs put a disk that fails or loses power in the place of the real one."""

from pathlib import Path
from typing import BinaryIO, Protocol

from agent.storage.durable import sync_folder


class Disk(Protocol):
    """A folder's files, and the SQLite VFS that reaches the same files."""

    vfs: str
    """Empty for the system's own."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, replacing what had it."""

    def remove(self, path: Path) -> None:
        """Take a file's name away; nothing happens when there is none."""

    def sync_folder(self, folder: Path) -> None:
        """Make every earlier rename and removal in ``folder`` durable."""

    def open(self, path: Path) -> BinaryIO:
        """Open a file for reading."""


class RealDisk:
    """The operating system's file system (POSIX rename and fsync of the directory)."""

    def __init__(self, *, vfs: str = "") -> None:
        self.vfs = vfs

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, replacing what had it."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Take a file's name away; nothing happens when there is none."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Make every earlier rename and removal in ``folder`` durable."""
        sync_folder(folder)

    def open(self, path: Path) -> BinaryIO:
        """Open a file for reading."""
        return path.open("rb")


def wal_of(path: Path) -> Path:
    """Return the name of a database's write-ahead log."""
    return path.with_name(path.name + "-wal")
