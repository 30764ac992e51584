"""The real disk, which proofs replace by a model, does as POSIX says."""

import os
import stat
from pathlib import Path

import pytest

from agent.storage.outbox.disk import RealDisk


def test_a_folder_is_synced_by_fsync_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the fsync of the folder, a power cut may undo a rename (fsync(2))."""
    synced: list[tuple[bool, int]] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.append((stat.S_ISDIR(status.st_mode), status.st_ino))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    RealDisk().sync_folder(tmp_path)
    assert synced == [(True, tmp_path.stat().st_ino)]


def test_a_name_is_replaced_and_taken_away(tmp_path: Path) -> None:
    disk, old, new = RealDisk(), tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"1")
    new.write_bytes(b"2")
    disk.rename(old, new)
    with disk.open(new) as file:
        assert file.read() == b"1"
    disk.remove(new)
    disk.remove(new)
    assert list(tmp_path.iterdir()) == []
