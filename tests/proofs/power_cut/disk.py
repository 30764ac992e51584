"""A disk that forgets: when the power goes, writes that are not synced may be kept, dropped, torn or garbled."""

import random
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from tests.proofs.power_cut.syscalls import (
    Create,
    Mkdir,
    Naming,
    Rename,
    Sync,
    SyncFolder,
    Syscall,
    Truncate,
    Unlink,
    Write,
)

type CutWay = Literal["dropped", "kept", "mixed", "torn", "garbled"]
WAYS: tuple[CutWay, ...] = ("dropped", "kept", "mixed", "torn", "garbled")
"""What happens to writes that are not synced. dropped, kept: all of them alike. mixed: each write by itself. torn: each
512-byte sector by itself. garbled: as mixed, and one of them leaves noise in every 4096-byte block that it touched,
also beside its bytes."""

SECTOR = 512
BLOCK = 4096

type Image = dict[str, bytes | None]
"""Content by name, as it is after the cut; a folder has none."""


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)


class ForgetfulDisk:
    """The state of the disk after some of the calls."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, int | None] = {}
        self._pending_names: list[Naming] = []

    def apply(self, call: Syscall) -> None:
        match call:
            case Write() | Truncate():
                self._files[call.inode].pending.append(call)
            case Sync(inode):
                file = self._files[inode]
                for change in file.pending:
                    _change(file.durable, change)
                file.pending.clear()
            case SyncFolder(folder):
                for naming in self._pending_names:
                    if _folder_of(naming) == folder:
                        _name(self._names, naming)
                self._pending_names = [naming for naming in self._pending_names if _folder_of(naming) != folder]
            case Create() | Mkdir() | Unlink() | Rename():
                if isinstance(call, Create):
                    self._files[call.inode] = _File()
                self._pending_names.append(call)

    def cut(self, chance: random.Random, way: CutWay) -> Image:
        """Return the content of the disk when the power comes back."""
        names = dict(self._names)
        for naming in self._pending_names:
            if _survives(chance, way):
                _name(names, naming)
        return {
            name: None if inode is None else self._content(inode, chance, way)
            for name, inode in sorted(names.items())
            if all(str(folder) in names for folder in PurePosixPath(name).parents if folder.name)
        }

    def _content(self, inode: int, chance: random.Random, way: CutWay) -> bytes:
        file = self._files[inode]
        if not file.pending:
            return bytes(file.durable)
        content = bytearray(file.durable)
        in_flight = chance.choice(file.pending) if way == "garbled" else None
        for change in file.pending:
            if change is in_flight and isinstance(change, Write):
                _garble(content, change, chance)
            elif way == "torn" and isinstance(change, Write):
                _tear(content, change, chance)
            elif _survives(chance, way):
                _change(content, change)
        return bytes(content)


def _survives(chance: random.Random, way: CutWay) -> bool:
    return way == "kept" or (way != "dropped" and chance.random() < 0.5)


def _change(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data


def _tear(content: bytearray, write: Write, chance: random.Random) -> None:
    start, end = write.offset, write.offset + len(write.data)
    for sector in range(start // SECTOR * SECTOR, end, SECTOR):
        low, high = max(start, sector), min(end, sector + SECTOR)
        if chance.random() < 0.5:
            _change(content, Write(write.inode, low, write.data[low - start : high - start]))


def _garble(content: bytearray, write: Write, chance: random.Random) -> None:
    start = write.offset // BLOCK * BLOCK
    end = -(-(write.offset + len(write.data)) // BLOCK) * BLOCK
    _change(content, Write(write.inode, start, chance.randbytes(end - start)))


def _folder_of(naming: Naming) -> str:
    name = naming.old if isinstance(naming, Rename) else naming.name
    return name.rpartition("/")[0]


def _name(names: dict[str, int | None], naming: Naming) -> None:
    match naming:
        case Mkdir(name):
            names[name] = None
        case Create(name, inode):
            names[name] = inode
        case Unlink(name):
            names.pop(name, None)
        case Rename(old, new) if old in names:
            names[new] = names.pop(old)
