"""A disk whose k-th operation fails. Python's files fail in place of the operating system, SQLite's in a VFS.

A short write leaves the first half of its bytes, and the next write finds the disk full, as write(2) does it.
"""

import builtins
import errno
import io
import itertools
import os
from collections.abc import Buffer, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import apsw

type Kind = Literal["eio", "enospc", "short", "full"]
KINDS: dict[Kind, tuple[int, int]] = {
    "eio": (errno.EIO, 1),
    "enospc": (errno.ENOSPC, 1),
    "short": (errno.ENOSPC, 2),
    "full": (errno.ENOSPC, 40),
}
"""The errors of each operation, and how many operations in a row fail with it."""

_FILLING = frozenset({"open", "write", "sync", "mkdir", "rename"})
"""Operations that can fail because there is no room."""

_NUMBERS = itertools.count(1)


@dataclass
class Faults:
    """Counts operations below a folder, and decides which fail."""

    root: Path
    kind: Kind = "eio"
    at: int = 0
    """Number of the first operation to fail, from 1; 0 for none."""
    operations: int = 0
    failed: int = 0
    _rests: bool = False

    def watches(self, path: object) -> bool:
        return isinstance(path, str | Path) and Path(path).is_relative_to(self.root)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """While the context lasts, no operation is counted and none fails."""
        self._rests = True
        try:
            yield
        finally:
            self._rests = False

    def fails(self, operation: str) -> bool:
        """Count an operation, and return whether it fails."""
        if self._rests:
            return False
        if self.kind != "eio" and operation not in _FILLING:
            return False
        self.operations += 1
        _, times = KINDS[self.kind]
        failing = self.at > 0 and self.operations >= self.at and self.failed < times
        self.failed += failing
        return failing

    def error(self) -> OSError:
        number, _ = KINDS[self.kind]
        return OSError(number, os.strerror(number))

    def freed(self, path: object) -> None:
        """A file is deleted, so a disk that was full has room again."""
        if self.kind in ("enospc", "full") and self.failed and os.path.getsize(str(path)):
            self.failed = KINDS[self.kind][1]

    def half(self) -> bool:
        """Whether the write that fails now still writes half of its bytes."""
        return self.kind == "short" and self.failed == 1


class _FaultyFile(io.FileIO):
    def __init__(self, file: Any, mode: str, faults: Faults) -> None:
        super().__init__(file, mode)
        self._faults = faults

    def write(self, data: Any) -> int:
        if not self._faults.fails("write"):
            return super().write(data)
        if self._faults.half():
            return super().write(bytes(data)[: len(data) // 2 or 1])
        raise self._faults.error()

    def readinto(self, buffer: Any) -> int:
        if self._faults.fails("read"):
            raise self._faults.error()
        return super().readinto(buffer)

    def readall(self) -> bytes:
        if self._faults.fails("read"):
            raise self._faults.error()
        return super().readall()


class _Shim:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._open, self._os_open, self._fsync, self._close = io.open, os.open, os.fsync, os.close
        self._ours: set[int] = set()

    def _ask(self, operation: str, path: object) -> None:
        if self._faults.watches(path) and self._faults.fails(operation):
            raise self._faults.error()

    def open(self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        ours = file in self._ours if isinstance(file, int) else self._faults.watches(file)
        if not ours or named.get("closefd") is False:
            return self._open(file, mode, buffering, *rest, **named)
        if not isinstance(file, int):
            self._ask("open" if set("wax") & set(mode) else "look", file)
        raw_mode = mode.replace("b", "").replace("t", "")
        raw = _FaultyFile(file if isinstance(file, int) else str(file), raw_mode, self._faults)
        self._ours.add(raw.fileno())
        if buffering == 0:
            return raw
        if "+" in mode:
            return io.BufferedRandom(raw)
        buffered = io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *rest, **named)

    def os_open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        self._ask("open" if flags & os.O_CREAT else "look", path)
        descriptor = self._os_open(path, flags, *rest, **named)
        if self._faults.watches(path):
            self._ours.add(descriptor)
        else:
            self._ours.discard(descriptor)
        return descriptor

    def fsync(self, descriptor: int) -> None:
        if descriptor in self._ours and self._faults.fails("sync"):
            raise self._faults.error()
        self._fsync(descriptor)

    def by_path(self, operation: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(path: Any, *rest: Any, **named: Any) -> Any:
            self._ask(operation, path)
            if operation == "unlink" and self._faults.watches(path) and os.path.exists(path):
                self._faults.freed(path)
            return real(path, *rest, **named)

        return asked


@contextmanager
def python_files(faults: Faults) -> Iterator[None]:
    """Let operations on files below the folder fail while the context lasts, in this process."""
    shim = _Shim(faults)
    instead: list[tuple[Any, str, Callable[..., Any]]] = [
        (io, "open", shim.open),
        (builtins, "open", shim.open),
        (os, "open", shim.os_open),
        (os, "fsync", shim.fsync),
        (os, "rename", shim.by_path("rename", os.rename)),
        (os, "unlink", shim.by_path("unlink", os.unlink)),
        (os, "mkdir", shim.by_path("mkdir", os.mkdir)),
    ]
    with ExitStack() as stack:
        for module, name, function in instead:
            stack.enter_context(patch.object(module, name, function))
        yield


class FaultyVFS(apsw.VFS):
    """The system's VFS with the same faults."""

    def __init__(self, faults: Faults) -> None:
        self.vfs_name = f"faulty-{next(_NUMBERS)}"
        self._faults = faults
        super().__init__(self.vfs_name, base="unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if self._faults.fails("open"):
            raise apsw.exception_for(apsw.SQLITE_CANTOPEN)
        return _FaultySQLiteFile(name, flags, self._faults)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        if self._faults.fails("unlink"):
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE)
        super().xDelete(filename, syncdir)

    def xGetLastError(self) -> tuple[int, str]:
        number, _ = KINDS[self._faults.kind]
        return number, os.strerror(number)


class _FaultySQLiteFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], faults: Faults) -> None:
        super().__init__("unix", name, flags)
        self._faults = faults

    def xRead(self, amount: int, offset: int) -> bytes:
        if self._faults.fails("read"):
            raise apsw.exception_for(apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xWrite(self, data: Buffer, offset: int) -> None:
        if not self._faults.fails("write"):
            super().xWrite(data, offset)
            return
        if self._faults.half():
            super().xWrite(bytes(data)[: len(bytes(data)) // 2], offset)
        raise apsw.exception_for(apsw.SQLITE_IOERR_WRITE if self._faults.kind == "eio" else apsw.SQLITE_FULL)

    def xSync(self, flags: int) -> None:
        if self._faults.fails("sync"):
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:
        if self._faults.fails("truncate"):
            raise apsw.exception_for(apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(newsize)
