"""Write down what Python code asks of the files below a folder, in place of the operating system.

The functions of `os` and `open` are replaced while the context lasts, in this process only; the product does not
notice. Files that are opened for reading, and files elsewhere, go straight through. SQLite has its own way to the disk
and is watched by a VFS.
"""

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.proofs.power_cut.recorder import Recording
from tests.proofs.power_cut.syscalls import Mkdir, Sync, Truncate, Write

_WRITING = os.O_WRONLY | os.O_RDWR


class _RecordingFile(io.FileIO):
    """A file open for writing."""

    def __init__(self, file: int | str, mode: str, shim: "_Shim", inode: int) -> None:
        super().__init__(file, mode)
        self._shim = shim
        self._inode = inode
        shim.descriptors[self.fileno()] = inode

    def write(self, data: Any) -> int:
        offset = self.seek(0, os.SEEK_END) if "a" in self.mode else self.tell()
        written = super().write(data)
        self._shim.recording.add(Write(self._inode, offset, bytes(data)[:written]))
        return written

    def truncate(self, size: int | None = None) -> int:
        result = super().truncate(size)
        self._shim.recording.add(Truncate(self._inode, result))
        return result

    def close(self) -> None:
        if not self.closed:
            self._shim.descriptors.pop(self.fileno(), None)
        super().close()


class _Shim:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.descriptors: dict[int, int | str] = {}
        """By descriptor, the inode of a file or the name of a folder."""
        self._open, self._os_open, self._fsync, self._close = io.open, os.open, os.fsync, os.close
        self._rename, self._unlink, self._mkdir = os.rename, os.unlink, os.mkdir

    def open(self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        writes = set("wax+") & set(mode)
        if isinstance(file, int):
            inode = self.descriptors.get(file)
            if not writes or not isinstance(inode, int):
                return self._open(file, mode, buffering, *rest, **named)
        elif not writes or not self.recording.watches(file):
            return self._open(file, mode, buffering, *rest, **named)
        else:
            is_new = not Path(file).exists()
            inode = self.recording.opened(file, is_new=is_new)
            if "w" in mode and not is_new:
                self.recording.add(Truncate(inode, 0))
        raw = _RecordingFile(file if isinstance(file, int) else str(file), mode.replace("b", ""), self, inode)
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *rest, **named)

    def os_open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if not isinstance(path, str | Path) or not self.recording.watches(path):
            return self._os_open(path, flags, *rest, **named)
        is_new = not Path(path).exists()
        descriptor = self._os_open(path, flags, *rest, **named)
        if Path(path).is_dir():
            self.descriptors[descriptor] = self.recording.name(path)
        elif flags & _WRITING:
            self.descriptors[descriptor] = self.recording.opened(path, is_new=is_new)
        else:
            # fsync makes the file's bytes durable even through a descriptor that only reads.
            self.descriptors[descriptor] = self.recording.inodes[self.recording.name(path)]
        return descriptor

    def fsync(self, descriptor: int) -> None:
        self._fsync(descriptor)
        what = self.descriptors.get(descriptor)
        if isinstance(what, int):
            self.recording.add(Sync(what))
        elif what is not None:
            self.recording.synced_folder(self.recording.root / what)

    def close(self, descriptor: int) -> None:
        self.descriptors.pop(descriptor, None)
        self._close(descriptor)

    def rename(self, old: Any, new: Any) -> None:
        self._rename(old, new)
        if self.recording.watches(old):
            self.recording.renamed(old, new)

    def unlink(self, path: Any, **named: Any) -> None:
        self._unlink(path, **named)
        if not named and self.recording.watches(path):
            self.recording.removed(path)

    def mkdir(self, path: Any, *rest: Any, **named: Any) -> None:
        self._mkdir(path, *rest, **named)
        if self.recording.watches(path):
            self.recording.add(Mkdir(self.recording.name(path)))


@contextmanager
def watched(recording: Recording) -> Iterator[None]:
    """Record into ``recording`` while the context lasts."""
    shim = _Shim(recording)
    instead: list[tuple[Any, str, Callable[..., Any]]] = [
        (io, "open", shim.open),
        (builtins, "open", shim.open),
        (os, "open", shim.os_open),
        (os, "fsync", shim.fsync),
        (os, "close", shim.close),
        (os, "rename", shim.rename),
        (os, "replace", shim.rename),
        (os, "unlink", shim.unlink),
        (os, "remove", shim.unlink),
        (os, "mkdir", shim.mkdir),
    ]
    with ExitStack() as stack:
        for module, name, function in instead:
            stack.enter_context(patch.object(module, name, function))
        yield
