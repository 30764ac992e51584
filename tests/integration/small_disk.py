"""A file system of its own that a test can fill to the last byte and empty again: tmpfs, mounted for a while."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

_BLOCK = bytes(2**16)


class SmallDisk:
    """Mounted at ``path`` while the context lasts. Mounting needs root, as installing Cunhui's packages does."""

    def __init__(self, path: Path, *, megabytes: int) -> None:
        self.path = path
        self._megabytes = megabytes
        self._ballast = path / "ballast"

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        _as_root("mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m,mode=0755", "cunhui-test", str(self.path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _as_root("umount", "--lazy", str(self.path))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte free while the context lasts."""
        self.fill()
        try:
            yield
        finally:
            self._ballast.unlink()

    def fill(self) -> None:
        """Within `full`: fill the room that was freed meanwhile."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for piece in (_BLOCK, b"\0"):
                try:
                    while True:
                        ballast.write(piece)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    @contextmanager
    def without_inodes(self) -> Iterator[None]:
        """Leave room for bytes, but let nobody make another file while the context lasts."""
        now = os.statvfs(self.path)
        self._remount(f"nr_inodes={now.f_files - now.f_ffree}")
        try:
            yield
        finally:
            self._remount(f"nr_inodes={now.f_files}")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Take no write while the context lasts. Nobody may have a file open for writing."""
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, option: str) -> None:
        _as_root("mount", "-o", f"remount,{option}", str(self.path))


def _as_root(*command: str) -> None:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*prefix, *command], check=True, capture_output=True)
