"""Blobs: whole or not there, in order, resumable, within their quota."""

import hashlib
from pathlib import Path

import pytest

from agent.blobs import BlobStore
from agent.outbox import OutboxBroken, OutboxFull
from tests.agent.test_store import room_for


def picture(number: int, size: int = 1000) -> bytes:
    return bytes([number]) * size


def test_a_blob_is_named_by_its_hash_and_outlives_the_process(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    name = blobs.add(picture(1))
    assert name == hashlib.sha256(picture(1)).digest()
    again = BlobStore(tmp_path / "blobs")
    assert again.pending() == [(name, 1000)]
    assert again.read(name, 0, 5000) == picture(1)
    assert again.intact(name)


def test_the_oldest_comes_first_also_after_a_restart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    names = [blobs.add(picture(number)) for number in range(12)]
    blobs.drop(names[3])
    assert [name for name, _ in BlobStore(tmp_path).pending()] == names[:3] + names[4:]


def test_adding_the_same_again_changes_nothing(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    assert blobs.add(picture(1)) == blobs.add(picture(1))
    assert len(list(tmp_path.iterdir())) == 1


def test_reading_in_pieces(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    content = bytes(range(250)) * 4
    name = blobs.add(content)
    assert b"".join(blobs.read(name, offset, 300) for offset in range(0, 1000, 300)) == content
    assert blobs.read(name, 1000, 10) == b""


def test_dropping_frees_the_disk_and_is_no_error_twice(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = blobs.add(picture(1))
    blobs.drop(name)
    blobs.drop(name)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError):
        blobs.read(name, 0, 1)


def test_the_oldest_give_way_to_the_quota(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path, quota_bytes=3500)
    names = [blobs.add(picture(number)) for number in range(3)]
    assert blobs.evict() == []
    assert blobs.evict(room_for=1500) == names[:1]
    assert blobs.total_bytes == 2000
    assert [name for name, _ in BlobStore(tmp_path).pending()] == names[1:]


def test_no_room_keeps_nothing_half_written(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    with room_for(4096), pytest.raises(OutboxFull):
        blobs.add(picture(1, 40_000))
    assert blobs.pending() == []
    assert list(tmp_path.iterdir()) == []
    blobs.add(picture(1, 40_000))


def test_what_a_power_cut_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    name = BlobStore(tmp_path).add(picture(1))
    (tmp_path / f"{2:010d}-{'ab' * 32}-99.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("not ours")
    assert BlobStore(tmp_path).pending() == [(name, 1000)]
    assert not list(tmp_path.glob("*.part"))


def test_bytes_that_went_bad_are_told_apart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = blobs.add(picture(1))
    (file,) = tmp_path.iterdir()
    file.write_bytes(picture(2))
    assert not blobs.intact(name)
    file.unlink()
    assert not blobs.intact(name)
    with pytest.raises(OutboxBroken):
        blobs.read(name, 0, 1)


def test_an_empty_blob_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        BlobStore(tmp_path).add(b"")


def test_a_folder_that_can_not_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutboxBroken):
        BlobStore(tmp_path / "file" / "blobs")
