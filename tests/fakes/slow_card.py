"""A card as slow as a Raspberry Pi 3B's, whose time passes without anybody waiting for it.

A file goes through it like through the system's own VFS. Each write and each sync costs time of a clock of its own,
and so does the processor: what this machine computes takes `PROCESSOR` times as long there. The figures are those of a
poor card (class 4) and are not measured on a Pi.
"""

import itertools
import time
from collections.abc import Buffer

import apsw

PROCESSOR = 10
BYTES_PER_S = 4_000_000
SYNC_S = 0.05
_NUMBERS = itertools.count(1)


class SlowCard(apsw.VFS):
    """Registered under ``vfs_name`` while the object lives."""

    def __init__(self) -> None:
        self.vfs_name = f"slow-{next(_NUMBERS)}"
        self._waited_s = 0.0
        self._looked_s = 0.0
        self.longest_s = 0.0
        """The longest stretch between two calls of `look`."""
        super().__init__(self.vfs_name, base="unix")
        self.begin()

    def now_s(self) -> float:
        """Return how long it would have taken there."""
        return time.process_time() * PROCESSOR + self._waited_s

    def begin(self) -> None:
        """Begin to measure."""
        self._looked_s, self.longest_s = self.now_s(), 0.0

    def look(self) -> None:
        """Note the stretch since the call before."""
        now_s = self.now_s()
        self.longest_s = max(self.longest_s, now_s - self._looked_s)
        self._looked_s = now_s

    def charge(self, seconds: float) -> None:
        """Let time pass."""
        self._waited_s += seconds

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _SlowFile(name, flags, self)


class _SlowFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], card: SlowCard) -> None:
        super().__init__("unix", name, flags)
        self._card = card

    def xRead(self, amount: int, offset: int) -> bytes:
        self._card.charge(amount / BYTES_PER_S)
        return super().xRead(amount, offset)

    def xWrite(self, data: Buffer, offset: int) -> None:
        self._card.charge(len(memoryview(data)) / BYTES_PER_S)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._card.charge(SYNC_S)
        super().xSync(flags)
