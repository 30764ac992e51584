"""Read a database file and its write-ahead log as pages, whatever state they are in.

The log (https://sqlite.org/fileformat2.html, 4) is read without its checksums. SQLite drops every commit after one
wrong bit, but each row in those frames still proves itself.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from agent.storage.outbox.disk import Disk, wal_of
from agent.storage.store import PAGE_BYTES

_WAL_HEADER = 32
_FRAME_HEADER = 24
_TRIES = 3
"""How often bytes are read that the card does not give. A fact that salvage can't read now is lost for ever."""
_FRAME = _FRAME_HEADER + PAGE_BYTES


class WalFrames:
    """The page images of a write-ahead log, in the order in which they were written."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._file = disk.open(path) if path.is_file() else None
        size = path.stat().st_size if self._file else 0
        self.count = max(0, size - _WAL_HEADER) // _FRAME
        self._salts = self._current_salts()

    def _current_salts(self) -> bytes:
        """Return the salts of the log's present run; frames with others are left over from an earlier run.

        The header names them. It is believed when one of the first two frames agrees: with a damaged header the first
        frame is the better witness.
        """
        header, first, second = (self._read(offset, 8) for offset in (16, self._at(0) + 8, self._at(1) + 8))
        return header if header in (first, second) else first

    def _at(self, index: int) -> int:
        return _WAL_HEADER + index * _FRAME

    def current(self, index: int) -> bool:
        """Return whether a frame is of the log's present run; one wrong bit in its salts does not hide it."""
        salts = self._read(self._at(index) + 8, 8)
        return salts[:4] == self._salts[:4] or salts[4:] == self._salts[4:]

    def commits(self, index: int) -> bool:
        """Return whether a frame is the last of a commit."""
        return any(self._read(self._at(index) + 4, 4))

    def number(self, index: int) -> int:
        """Return the number of the page that frame ``index`` (from 0) holds; 0 when it can't be read."""
        return int.from_bytes(self._read(self._at(index), 4), "big")

    def page(self, index: int) -> bytes:
        """Return the page of frame ``index``, shorter when it can't be read."""
        return self._read(self._at(index) + _FRAME_HEADER, PAGE_BYTES)

    def _read(self, offset: int, size: int) -> bytes:
        return _read(self._file, offset, size) if self._file else b""

    def close(self) -> None:
        """Close the log."""
        if self._file:
            self._file.close()


class DamagedFile:
    """A damaged database: every page of the file and every image of a page in its log."""

    def __init__(self, disk: Disk, path: Path, *, working: Callable[[], None] = lambda: None) -> None:
        """Open both files; ``working`` is called for each page that `images` yields."""
        self._working = working
        self._file = disk.open(path) if path.is_file() else None
        self._count = -(-path.stat().st_size // PAGE_BYTES) if self._file else 0
        self.frames = WalFrames(disk, wal_of(path))
        every = range(self.frames.count)
        self._current = [index for index in every if self.frames.current(index)]
        self._stale = [index for index in every if not self.frames.current(index)]
        self._newest = {self.frames.number(index): index for index in self._current}

    def page(self, number: int) -> bytes | None:
        """Return a page as it was written last, or None when there is none."""
        if number in self._newest:
            return self.frames.page(self._newest[number])
        if self._file is None or not 1 <= number <= self._count:
            return None
        return _read(self._file, (number - 1) * PAGE_BYTES, PAGE_BYTES)

    def images(self) -> Iterator[tuple[int, bytes]]:
        """Yield every ``(number, page)`` there is, the newest first as far as their order is known."""
        for number, page in self._images():
            self._working()
            yield number, page

    def _images(self) -> Iterator[tuple[int, bytes]]:
        for index in reversed(self._current):
            yield self.frames.number(index), self.frames.page(index)
        if self._file:
            for number in range(1, self._count + 1):
                yield number, _read(self._file, (number - 1) * PAGE_BYTES, PAGE_BYTES)
        for index in self._stale:
            yield self.frames.number(index), self.frames.page(index)

    def close(self) -> None:
        """Close both files."""
        self.frames.close()
        if self._file:
            self._file.close()


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    """Return the bytes at ``offset``, or nothing when the card fails each time."""
    for _ in range(_TRIES):
        try:
            file.seek(offset)
            return file.read(size)
        except OSError:
            continue
    return b""
