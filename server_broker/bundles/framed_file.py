"""A file with some bytes before and after it, read as one, so that a large one is never in memory whole."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Readable(Protocol):
    """What a download reads from. Binary files are such."""

    def close(self) -> None:
        """End it."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands ``before`` and ``after`` a file of ``inner`` bytes."""

    before: bytes
    inner: int
    after: bytes

    @property
    def size(self) -> int:
        """Length of the whole."""
        return len(self.before) + self.inner + len(self.after)


class FramedFile:
    """A file in its frame."""

    def __init__(self, frame: Frame, path: Path) -> None:
        """Open the file."""
        self._frame = frame
        self._file = path.open("rb")
        self._at = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def seek(self, offset: int, /) -> int:
        """Go to a place."""
        self._at = offset
        return offset

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes. It may return fewer, but none only at the end."""
        begin = len(self._frame.before)
        end = begin + self._frame.inner
        if self._at < begin:
            piece = self._frame.before[self._at : self._at + size]
        elif self._at < end:
            self._file.seek(self._at - begin)
            piece = self._file.read(min(size, end - self._at))
        else:
            piece = self._frame.after[self._at - end : self._at - end + size]
        self._at += len(piece)
        return piece
