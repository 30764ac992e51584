"""A blob that the SD card cut short is still known by its name, so that a fact can give it up and it leaves the
disk."""

from pathlib import Path

from agent.storage.blobs import BlobStore


def test_it_is_pending_and_not_intact_and_can_be_dropped(tmp_path: Path) -> None:
    name = BlobStore(tmp_path).write(b"p" * 1000)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"p" * 10)
    blobs = BlobStore(tmp_path)
    assert list(blobs.pending()) == [(name, 1000)]
    assert not blobs.intact(name)
    blobs.drop(name)
    assert list(tmp_path.iterdir()) == []
