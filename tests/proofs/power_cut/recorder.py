"""A SQLite VFS and a `Disk` that do everything on a real file system and write down each change."""

import itertools
from collections.abc import Buffer, Callable
from pathlib import Path
from typing import BinaryIO

import apsw

from agent.storage.outbox.disk import RealDisk
from tests.proofs.power_cut.syscalls import Create, Rename, Sync, SyncFolder, Syscall, Truncate, Unlink, Write

_NUMBERS = itertools.count(1)
_CREATE = apsw.SQLITE_OPEN_CREATE
_JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL


class Recording:
    """The calls so far below a folder, the purpose of each, and which file has which name."""

    def __init__(self, root: Path) -> None:
        self.calls: list[Syscall] = []
        self.purposes: list[str] = []
        self.purpose = ""
        self.inodes: dict[str, int] = {}
        self.root = root
        self._numbers = itertools.count(1)

    def add(self, *calls: Syscall) -> None:
        self.calls += calls
        self.purposes += [self.purpose] * len(calls)

    def watches(self, path: str | Path) -> bool:
        return Path(path).is_relative_to(self.root)

    def name(self, path: str | Path) -> str:
        """Return a path below the folder; the folder itself is ""."""
        name = Path(path).relative_to(self.root).as_posix()
        return "" if name == "." else name

    def opened(self, path: str | Path, *, is_new: bool) -> int:
        name = self.name(path)
        if is_new or name not in self.inodes:
            self.inodes[name] = next(self._numbers)
            self.add(Create(name, self.inodes[name]))
        return self.inodes[name]

    def removed(self, path: str | Path) -> None:
        name = self.name(path)
        if self.inodes.pop(name, None) is not None:
            self.add(Unlink(name))

    def synced_folder(self, folder: str | Path) -> None:
        self.add(SyncFolder(self.name(folder)))

    def spoiled(self, name: str, noise: bytes) -> None:
        """Something other than the product wrote ``noise`` over the beginning of a file, durably."""
        self.add(Write(self.inodes[name], 0, noise), Sync(self.inodes[name]))

    def renamed(self, old: str | Path, new: str | Path) -> None:
        before, after = self.name(old), self.name(new)
        self.inodes[after] = self.inodes.pop(before)
        self.add(Rename(before, after))


class RecordingVFS(apsw.VFS):
    """The system's VFS, watched. Registered under a name of its own while the object lives."""

    def __init__(self, recording: Recording) -> None:
        self.vfs_name = f"recorder-{next(_NUMBERS)}"
        self._recording = recording
        super().__init__(self.vfs_name, base="unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else (name or "")
        is_new = bool(path) and not Path(path).exists()
        if not path:
            # A statement's own journal. SQLite deletes it as soon as it has opened it, so no cut leaves anything of it.
            return apsw.VFSFile("unix", name, flags)
        file = _RecordingFile(name, flags, self._recording, path)
        file.inode = self._recording.opened(path, is_new=is_new)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._recording.removed(filename)
        if syncdir:
            self._recording.synced_folder(Path(filename).parent)


class _RecordingFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], recording: Recording, path: str) -> None:
        super().__init__("unix", name, flags)
        self.inode = 0
        self._recording = recording
        self._folder = Path(path).parent
        # The unix VFS syncs the folder at the first sync of a journal that it may have created (os_unix.c, DIRSYNC).
        self._folder_unsynced = bool(flags[0] & _CREATE and flags[0] & _JOURNALS)

    def xWrite(self, data: Buffer, offset: int) -> None:
        super().xWrite(data, offset)
        self._recording.add(Write(self.inode, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._recording.add(Truncate(self.inode, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._recording.add(Sync(self.inode))
        if self._folder_unsynced:
            self._folder_unsynced = False
            self._recording.synced_folder(self._folder)


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
        self._recording.removed(path)

    def sync_folder(self, folder: Path) -> None:
        self._recording.synced_folder(folder)
