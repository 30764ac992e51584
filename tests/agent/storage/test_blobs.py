"""Blobs: whole or not there, in order, resumable, within their quota."""

import hashlib
import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.storage.blobs import FLOOR_BYTES, FLOOR_SHARE, BlobStore
from agent.storage.disk import Space
from agent.storage.errors import StorageFailed, StorageFull
from agent.storage.kept_blobs import KeptBlob, KeptBlobs
from tests.agent.storage.file_limit import room_for


def picture(number: int, size: int = 1000) -> bytes:
    return bytes([number]) * size


def added(blobs: BlobStore, content: bytes) -> bytes:
    """Write a blob and keep it."""
    sha256 = blobs.write(content)
    blobs.keep(sha256)
    return sha256


def test_a_blob_is_named_by_its_hash_and_outlives_the_process(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    name = added(blobs, picture(1))
    assert name == hashlib.sha256(picture(1)).digest()
    again = BlobStore(tmp_path / "blobs")
    assert list(again.pending()) == [(name, 1000)]
    assert again.read(name, 0, 5000) == picture(1)
    assert again.intact(name)


def test_the_oldest_comes_first_also_after_a_restart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    names = [added(blobs, picture(number)) for number in range(12)]
    blobs.drop(names[3])
    assert [name for name, _ in BlobStore(tmp_path).pending()] == names[:3] + names[4:]


def test_what_comes_after_a_restart_is_the_newest(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    names = [added(blobs, picture(number)) for number in range(6)]
    for name in names[:4]:
        blobs.drop(name)
    newest = added(BlobStore(tmp_path), picture(9))
    assert [name for name, _ in BlobStore(tmp_path).pending()] == [*names[4:], newest]


def test_adding_the_same_again_changes_nothing(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    assert added(blobs, picture(1)) == added(blobs, picture(1))
    assert len(list(tmp_path.iterdir())) == 1


def test_reading_in_pieces(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    content = bytes(range(250)) * 4
    name = added(blobs, content)
    assert b"".join(blobs.read(name, offset, 300) for offset in range(0, 1000, 300)) == content
    assert blobs.read(name, 1000, 10) == b""


def test_dropping_frees_the_disk_and_is_no_error_twice(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = added(blobs, picture(1))
    blobs.drop(name)
    blobs.drop(name)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError):
        blobs.read(name, 0, 1)


def test_the_oldest_give_way_to_the_quota(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path, quota_bytes=3500)
    names = [added(blobs, picture(number)) for number in range(3)]
    assert blobs.surplus() == []
    assert blobs.surplus(room_for=1500) == names[:1]
    assert blobs.total_bytes == 3000, "nothing goes before a fact says so"


def test_the_oldest_give_way_where_the_disk_runs_short(tmp_path: Path) -> None:
    room = Space(free_bytes=100 + 2**20 // FLOOR_SHARE, total_bytes=2**20)
    blobs = BlobStore(tmp_path, room=lambda: room)
    names = [added(blobs, picture(number)) for number in range(3)]
    assert blobs.surplus() == blobs.surplus(room_for=100) == []
    assert blobs.surplus(room_for=101) == names[:1]
    room = Space(free_bytes=0, total_bytes=2**20)
    assert blobs.surplus() == names
    room = Space(free_bytes=FLOOR_BYTES, total_bytes=2**40)
    assert blobs.surplus() == []
    assert blobs.surplus(room_for=1001) == names[:2]


def test_a_disk_that_does_not_tell_its_room_costs_no_picture(tmp_path: Path) -> None:
    def broken() -> Space:
        raise OSError("no answer")

    blobs = BlobStore(tmp_path, room=broken)
    added(blobs, picture(1))
    assert blobs.surplus() == []


def test_no_room_keeps_nothing_half_written(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    with room_for(4096), pytest.raises(StorageFull):
        added(blobs, picture(1, 40_000))
    assert list(blobs.pending()) == []
    assert list(tmp_path.iterdir()) == []
    added(blobs, picture(1, 40_000))


def test_what_a_power_cut_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    name = added(BlobStore(tmp_path), picture(1))
    (tmp_path / f"{2:010d}-{'ab' * 32}-99.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("not ours")
    assert list(BlobStore(tmp_path).pending()) == [(name, 1000)]
    assert not list(tmp_path.glob("*.part"))


def test_bytes_that_went_bad_are_told_apart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = added(blobs, picture(1))
    (file,) = tmp_path.iterdir()
    file.write_bytes(picture(2))
    assert not blobs.intact(name)
    file.unlink()
    assert not blobs.intact(name)
    with pytest.raises(StorageFailed):
        blobs.read(name, 0, 1)


def test_an_empty_blob_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        BlobStore(tmp_path).write(b"")


def test_a_folder_that_can_not_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        BlobStore(tmp_path / "file" / "blobs")


def test_what_is_written_counts_when_it_is_kept(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = blobs.write(picture(1))
    assert ([*blobs.pending()], blobs.waiting, blobs.total_bytes) == ([], 0, 0)
    assert blobs.write(picture(1)) == name
    assert blobs.keep(name)
    assert not blobs.keep(name)
    assert ([*blobs.pending()], blobs.waiting, blobs.total_bytes) == ([(name, 1000)], 1, 1000)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_was_written_and_not_kept_is_found_again(tmp_path: Path) -> None:
    name = BlobStore(tmp_path).write(picture(1))
    again = BlobStore(tmp_path)
    assert list(again.pending()) == [(name, 1000)]
    assert again.write(picture(1)) == name
    assert not again.keep(name)


def test_what_is_not_wanted_after_all_leaves_the_disk(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    name = blobs.write(picture(1))
    blobs.unwrite(name)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageFailed):
        blobs.keep(name)
    kept = added(blobs, picture(2))
    blobs.unwrite(kept)
    assert list(blobs.pending()) == [(kept, 1000)]


def test_writing_while_the_core_drops(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    written: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def write() -> None:
        for number in range(50):
            written.put(blobs.write(picture(number)))

    writer = threading.Thread(target=write)
    writer.start()
    names = []
    for _ in range(50):
        names.append(written.get(timeout=10))
        assert blobs.keep(names[-1])
        if len(names) % 2:
            blobs.drop(names[-1])
    writer.join()
    assert [name for name, _ in blobs.pending()] == names[1::2]
    assert blobs.total_bytes == 25_000
    assert [name for name, _ in BlobStore(tmp_path).pending()] == names[1::2]


def _three_at_most(kept: KeptBlobs) -> Iterator[KeptBlob]:
    """Fail where somebody goes on beyond the oldest three."""
    yield from (blob for _, blob in zip(range(3), walk(kept), strict=False))
    raise AssertionError("all blobs were walked")


walk = KeptBlobs.__iter__


def test_however_many_wait_a_picture_looks_at_none_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 10_001):
        (tmp_path / KeptBlob(number, number.to_bytes(32), 1).name).touch()
    blobs = BlobStore(tmp_path)
    assert (blobs.waiting, blobs.total_bytes) == (10_000, 10_000)
    monkeypatch.setattr(KeptBlobs, "__iter__", _three_at_most)
    for name in ("listdir", "scandir", "stat"):
        monkeypatch.setattr(os, name, lambda *_, name=name: pytest.fail(f"os.{name} was called"))
    added(blobs, picture(1))
    blobs.quota_bytes = blobs.total_bytes
    assert blobs.surplus(room_for=3) == [number.to_bytes(32) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        blobs.drop(number.to_bytes(32))
    assert (blobs.waiting, blobs.total_bytes) == (9_998, 10_997)
    monkeypatch.undo()
    assert (tmp_path / KeptBlob(10_001, hashlib.sha256(picture(1)).digest(), 1000).name).exists()
