"""A SQLite VFS and a `Disk` that do everything on a real file system and write down each change."""

import itertools
from collections.abc import Buffer, Callable
from pathlib import Path
from typing import BinaryIO

import apsw

from agent.outbox.disk import RealDisk
from tests.proofs.power_cut.syscalls import Create, Rename, Sync, SyncFolder, Syscall, Truncate, Unlink, Write

_NUMBERS = itertools.count(1)
_CREATE = apsw.SQLITE_OPEN_CREATE
_JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL


class Recording:
    """The calls so far and which file has which name."""

    def __init__(self) -> None:
        self.calls: list[Syscall] = []
        self.inodes: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def opened(self, path: str, *, is_new: bool) -> int:
        name = Path(path).name
        if is_new or name not in self.inodes:
            self.inodes[name] = next(self._numbers)
            self.calls.append(Create(name, self.inodes[name]))
        return self.inodes[name]

    def removed(self, path: str) -> None:
        name = Path(path).name
        if self.inodes.pop(name, None) is not None:
            self.calls.append(Unlink(name))

    def spoiled(self, name: str, noise: bytes) -> None:
        """Something other than the product wrote ``noise`` over the beginning of a file, durably."""
        self.calls += [Write(self.inodes[name], 0, noise), Sync(self.inodes[name])]

    def renamed(self, old: Path, new: Path) -> None:
        self.inodes[new.name] = self.inodes.pop(old.name)
        self.calls.append(Rename(old.name, new.name))


class RecordingVFS(apsw.VFS):
    """The system's VFS, watched. Registered under a name of its own while the object lives."""

    def __init__(self, recording: Recording) -> None:
        self.vfs_name = f"recorder-{next(_NUMBERS)}"
        self._recording = recording
        super().__init__(self.vfs_name, base="unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else (name or "")
        is_new = bool(path) and not Path(path).exists()
        file = _RecordingFile(name, flags, self._recording, path)
        if path:
            file.inode = self._recording.opened(path, is_new=is_new)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._recording.removed(filename)
        if syncdir:
            self._recording.calls.append(SyncFolder())


class _RecordingFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], recording: Recording, path: str) -> None:
        super().__init__("unix", name, flags)
        self.inode = 0
        self._calls = recording.calls
        # The unix VFS syncs the folder at the first sync of a journal that it may have created (os_unix.c, DIRSYNC).
        self._folder_unsynced = bool(flags[0] & _CREATE and flags[0] & _JOURNALS)

    def xWrite(self, data: Buffer, offset: int) -> None:
        super().xWrite(data, offset)
        self._calls.append(Write(self.inode, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._calls.append(Truncate(self.inode, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._calls.append(Sync(self.inode))
        if self._folder_unsynced:
            self._folder_unsynced = False
            self._calls.append(SyncFolder())


class RecordingDisk:
    """The product's own disk, watched."""

    def __init__(self, recording: Recording, *, vfs: str) -> None:
        self.vfs = vfs
        self._recording = recording
        self._real = RealDisk()
        self.open: Callable[[Path], BinaryIO] = self._real.open

    def rename(self, old: Path, new: Path) -> None:
        self._real.rename(old, new)
        self._recording.renamed(old, new)

    def remove(self, path: Path) -> None:
        self._real.remove(path)
        self._recording.removed(str(path))

    def sync_folder(self, folder: Path) -> None:
        self._recording.calls.append(SyncFolder())
