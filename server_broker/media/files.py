"""Blobs on the disk: pieces in ``partial/``, whole ones under their hash, each step durable before it is told.

Bytes that several stations sent lie here once. Beside them an empty file names each station that sent them: a hash is
no secret, so only who has sent the bytes has them here.

Nothing here knows of the database; what is on the disk and what the database says may differ after a crash or a
restore, and the disk is right.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path


class MediaFolder:
    """The county's media folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"
        self._senders_marked = root / "senders-marked"

    def path(self, sha256: bytes) -> Path:
        """Return where the whole blob of that hash lies, there or not."""
        name = sha256.hex()
        return self._root / name[:2] / name

    def has_of(self, station: str, sha256: bytes) -> bool:
        """Tell whether that station sent the blob and it is here whole, under the name that only its hash gives it."""
        return self._sent_path(station, sha256).is_file() and self.path(sha256).is_file()

    def _sent_path(self, station: str, sha256: bytes) -> Path:
        whole = self.path(sha256)
        return whole.with_name(f"{whole.name}.{station}")

    def senders_are_marked(self) -> bool:
        """Tell whether every whole blob here names its senders, also those from before that was done."""
        return self._senders_marked.exists()

    def mark_sender(self, station: str, sha256: bytes) -> bool:
        """Note that the station sent the blob, if it is here and does not say so; return whether it was noted."""
        if not self.path(sha256).is_file() or self.has_of(station, sha256):
            return False
        self._sent_path(station, sha256).touch(mode=0o640)
        return True

    def note_senders_marked(self) -> None:
        """Have `senders_are_marked` say so from now on, once all marks would survive a power cut."""
        for folder in self._root.glob("??"):
            _sync_folder(folder)
        self._senders_marked.touch(mode=0o640)
        _sync_folder(self._root)

    def has_pieces(self, station: str, sha256: bytes) -> bool:
        """Tell whether pieces of the blob came from that station."""
        return self._piece_path(station, sha256).is_file()

    def _piece_path(self, station: str, sha256: bytes) -> Path:
        return self._partial / f"{station}.{sha256.hex()}"

    def write(self, station: str, sha256: bytes, pieces: list[tuple[int, bytes]]) -> None:
        """Write pieces ``(offset, data)`` and return once they would survive a power cut (fsync)."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._partial.mkdir(exist_ok=True, mode=0o750)
        path = self._piece_path(station, sha256)
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            for offset, data in pieces:
                _write_all(descriptor, data, offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self._partial)

    def finish(self, station: str, sha256: bytes, *, size: int) -> bool:
        """Give the pieces their final name if they hash to it; otherwise delete them. Return which it was."""
        piece = self._piece_path(station, sha256)
        if piece.stat().st_size != size or _sha256(piece) != sha256:
            self.forget(station, sha256)
            return False
        whole = self.path(sha256)
        whole.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._sent_path(station, sha256).touch(mode=0o640)
        piece.rename(whole)
        _sync_folder(whole.parent)
        _sync_folder(self._root)
        return True

    def forget(self, station: str, sha256: bytes) -> None:
        """Delete the pieces that came from that station."""
        self._piece_path(station, sha256).unlink(missing_ok=True)

    def forget_older(self, before: datetime) -> int:
        """Delete pieces to which none has been added since ``before`` (aware); return of how many blobs."""
        old = [path for path in self._partial.glob("*") if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def drop(self, station: str, sha256: bytes, *, last: bool) -> None:
        """Forget that a station sent a whole blob; delete the bytes when it was the last to have them."""
        self._sent_path(station, sha256).unlink(missing_ok=True)
        if last:
            self.path(sha256).unlink(missing_ok=True)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
