"""A disk that forgets: what is not synced may be kept, dropped, torn or garbled when the power goes."""

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.proofs.power_cut.syscalls import Create, Rename, Sync, SyncFolder, Syscall, Truncate, Unlink, Write

type CutKind = Literal["dropped", "kept", "mixed", "torn", "garbled"]
KINDS: tuple[CutKind, ...] = ("dropped", "kept", "mixed", "torn", "garbled")
"""dropped, kept: all that was pending. mixed: each write by itself. torn: each 512-byte sector by itself.

garbled: as mixed, and one pending write leaves noise in every 4096-byte block that it touched, also beside its bytes.
"""

SECTOR = 512
BLOCK = 4096

type Image = dict[str, bytes]
"""File name to content, as found after the cut."""


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)


class ForgetfulDisk:
    """The state of the disk after some of the calls."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}
        self._pending_names: list[Create | Unlink | Rename] = []

    def apply(self, call: Syscall) -> None:
        match call:
            case Write() | Truncate():
                self._files[call.inode].pending.append(call)
            case Sync(inode):
                file = self._files[inode]
                for change in file.pending:
                    _change(file.durable, change)
                file.pending.clear()
            case SyncFolder():
                for naming in self._pending_names:
                    _name(self._names, naming)
                self._pending_names.clear()
            case Create() | Unlink() | Rename():
                if isinstance(call, Create):
                    self._files[call.inode] = _File()
                self._pending_names.append(call)

    def cut(self, chance: random.Random, kind: CutKind) -> Image:
        """Return what is on the disk when the power comes back."""
        names = dict(self._names)
        for naming in self._pending_names:
            if _survives(chance, kind):
                _name(names, naming)
        return {name: self._content(inode, chance, kind) for name, inode in sorted(names.items())}

    def _content(self, inode: int, chance: random.Random, kind: CutKind) -> bytes:
        file = self._files[inode]
        if not file.pending:
            return bytes(file.durable)
        content = bytearray(file.durable)
        in_flight = chance.choice(file.pending) if kind == "garbled" else None
        for change in file.pending:
            if change is in_flight and isinstance(change, Write):
                _garble(content, change, chance)
            elif kind == "torn" and isinstance(change, Write):
                _tear(content, change, chance)
            elif _survives(chance, kind):
                _change(content, change)
        return bytes(content)


def _survives(chance: random.Random, kind: CutKind) -> bool:
    return kind == "kept" or (kind != "dropped" and chance.random() < 0.5)


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


def _name(names: dict[str, int], naming: Create | Unlink | Rename) -> None:
    match naming:
        case Create(name, inode):
            names[name] = inode
        case Unlink(name):
            names.pop(name, None)
        case Rename(old, new) if old in names:
            names[new] = names.pop(old)
