"""Blobs on the disk: pieces in ``partial/``, and whole blobs under their hash.

Each step is durable before its caller reports it. If several stations sent the same bytes they are stored once. Beside
them an empty file names each station that sent them. That is needed because a hash is no secret: a station that only
knows the hash must not get the blob counted as its own.

Nothing here uses the database. After a crash or a restore the disk and the database may differ, and the disk is right.
"""

import os
from datetime import datetime
from pathlib import Path

from server_broker.platform.files import sha256_of, sync_folder

COUNTY = "@county"
"""Stands for a station's id where the county itself is the sender. No station's id begins like this."""


class MediaFolder:
    """The county's media folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"
        self._senders_marked = root / "senders-marked"

    def path(self, sha256: bytes) -> Path:
        """Return the path of the whole blob with that hash, whether or not it is there."""
        name = sha256.hex()
        return self._root / name[:2] / name

    def has_of(self, station: str, sha256: bytes) -> bool:
        """Tell whether the whole blob is here and that station sent it."""
        # As text: a backlog asks for tens of thousands of files that are not there, and a `Path` costs more than that.
        name = sha256.hex()
        whole = f"{self._root}/{name[:2]}/{name}"
        return os.path.isfile(f"{whole}.{station}") and os.path.isfile(whole)

    def _sent_path(self, station: str, sha256: bytes) -> Path:
        whole = self.path(sha256)
        return whole.with_name(f"{whole.name}.{station}")

    def senders_are_marked(self) -> bool:
        """Tell whether the senders of every whole blob are marked, including blobs that early versions stored."""
        return self._senders_marked.exists()

    def mark_sender(self, station: str, sha256: bytes) -> bool:
        """Mark the station as a sender of the blob, if the blob is here. Return whether the mark is new."""
        if not self.path(sha256).is_file() or self.has_of(station, sha256):
            return False
        self._sent_path(station, sha256).touch(mode=0o640)
        return True

    def note_senders_marked(self) -> None:
        """Write all marks to disk, and let `senders_are_marked` return True from now on."""
        for folder in self._root.glob("??"):
            sync_folder(folder)
        self._senders_marked.touch(mode=0o640)
        sync_folder(self._root)

    def has_pieces(self, station: str, sha256: bytes) -> bool:
        """Tell whether pieces of the blob came from that station."""
        return self._piece_path(station, sha256).is_file()

    def _piece_path(self, station: str, sha256: bytes) -> Path:
        return self._partial / f"{station}.{sha256.hex()}"

    def write(self, station: str, sha256: bytes, pieces: list[tuple[int, bytes]]) -> None:
        """Write pieces ``(offset, data)``. They are on disk (fsync) when this returns."""
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
        if new:  # a new file survives a power cut only if its folder's entry is on disk too
            sync_folder(self._partial)

    def finish(self, station: str, sha256: bytes, *, size: int) -> bool:
        """Make the pieces a whole blob and return True; if they do not have that hash, delete them and return False."""
        piece = self._piece_path(station, sha256)
        if piece.stat().st_size != size or sha256_of(piece) != sha256:
            self.forget(station, sha256)
            return False
        whole = self.path(sha256)
        whole.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        # The mark comes first: after a crash in between it is a mark without a blob, and that counts for nothing.
        self._sent_path(station, sha256).touch(mode=0o640)
        piece.rename(whole)
        sync_folder(whole.parent)
        sync_folder(self._root)
        return True

    def forget(self, station: str, sha256: bytes) -> None:
        """Delete the pieces that came from that station."""
        self._piece_path(station, sha256).unlink(missing_ok=True)

    def forget_older(self, before: datetime) -> int:
        """Delete blobs in pieces that have got no piece since ``before`` (aware); return how many."""
        old = [path for path in self._partial.glob("*") if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def drop(self, station: str, sha256: bytes, *, last: bool) -> None:
        """Remove the mark that a station sent a blob; delete the blob too if ``last``: no other station has it."""
        self._sent_path(station, sha256).unlink(missing_ok=True)
        if last:
            self.path(sha256).unlink(missing_ok=True)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    # One call may write less than all of the data (POSIX, pwrite).
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
