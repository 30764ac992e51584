"""Which blobs are kept, in the order in which they were added, in little memory.

A long outage leaves tens of thousands on the disk. Each takes 44 bytes here, its number, size and SHA-256; in a
dictionary by its SHA-256 it took five times as much.
"""

import threading
from array import array
from collections.abc import Iterable, Iterator
from itertools import compress

from msgspec import Struct

_DIGEST = 32
"""Bytes of a SHA-256."""


class KeptBlob(Struct, frozen=True):
    """A blob on disk; ``number`` counts the blobs of its folder and gives their order."""

    number: int
    sha256: bytes
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.number:010d}-{self.sha256.hex()}-{self.size}"


class KeptBlobs:
    """The kept blobs, the oldest first. Any thread may look for one; everything else belongs to one thread.

    Numbers, sizes and digests lie side by side, each in one block. A blob that is dropped keeps its place, with size 0,
    until half of the places are such.
    """

    def __init__(self, found: Iterable[KeptBlob] = ()) -> None:
        """Begin with the blobs of a folder, in any order."""
        self._lock = threading.Lock()
        self._numbers, self._sizes, self._digests = array("Q"), array("I"), bytearray()
        self._gone = 0
        self.total_bytes = 0
        """Size of the kept blobs together."""
        # Number, size and SHA-256 in one value each, because there may be very many; big-endian, so that they sort.
        entries = [blob.number.to_bytes(8) + blob.size.to_bytes(4) + blob.sha256 for blob in found]
        for entry in sorted(entries):
            self.add(KeptBlob(int.from_bytes(entry[:8]), entry[-_DIGEST:], int.from_bytes(entry[8:12])))

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._numbers) - self._gone

    def __contains__(self, sha256: bytes) -> bool:
        """Whether it is kept."""
        return self.find(sha256) is not None

    def __iter__(self) -> Iterator[KeptBlob]:
        """Go through them, the oldest first; add and remove none meanwhile."""
        for place in range(len(self._numbers)):
            if self._sizes[place]:
                yield self._at(place)

    @property
    def newest_number(self) -> int:
        """The number of the blob that was added last and is kept; 0 if there is none."""
        places = zip(reversed(self._numbers), reversed(self._sizes), strict=True)
        return next((number for number, size in places if size), 0)

    def find(self, sha256: bytes) -> KeptBlob | None:
        """Return a kept blob, or None."""
        with self._lock:
            place = self._place(sha256)
            return None if place is None else self._at(place)

    def add(self, blob: KeptBlob) -> None:
        """Keep a blob that is newer than all others, and not empty."""
        with self._lock:
            self._numbers.append(blob.number)
            self._sizes.append(blob.size)
            self._digests += blob.sha256
        self.total_bytes += blob.size

    def remove(self, sha256: bytes) -> KeptBlob | None:
        """Keep a blob no longer and return it; None if it was not kept."""
        with self._lock:
            place = self._place(sha256)
            if place is None:
                return None
            blob = self._at(place)
            self._sizes[place] = 0
            self._gone += 1
            if self._gone * 2 > len(self._sizes):
                self._close_ranks()
        self.total_bytes -= blob.size
        return blob

    def _place(self, sha256: bytes) -> int | None:
        # Fewer bytes would be found within somebody else's digest, and no bytes at all at the oldest blob.
        if len(sha256) != _DIGEST:
            return None
        start = self._digests.find(sha256)
        while start >= 0:
            place, within = divmod(start, _DIGEST)
            if not within and self._sizes[place]:
                return place
            start = self._digests.find(sha256, start + 1)
        return None

    def _at(self, place: int) -> KeptBlob:
        digest = bytes(self._digests[place * _DIGEST : (place + 1) * _DIGEST])
        return KeptBlob(self._numbers[place], digest, self._sizes[place])

    def _close_ranks(self) -> None:
        kept = [self._digests[at * _DIGEST : (at + 1) * _DIGEST] for at, size in enumerate(self._sizes) if size]
        self._digests = bytearray(b"".join(kept))
        self._numbers = array("Q", compress(self._numbers, self._sizes))
        self._sizes = array("I", filter(None, self._sizes))
        self._gone = 0
