"""A file that a power cut leaves as it was or whole."""

import os
import stat
from pathlib import Path

import pytest

from agent.storage.durable import write_durably


def test_bytes_are_synced_before_they_get_the_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        done.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    def renamed(old: str, new: str) -> None:
        rename(old, new)
        done.append(f"{old} -> {new}")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    path = tmp_path / "name"
    write_durably(path, b"content")
    assert done == [f"{path}.new", f"{path}.new -> {path}", str(tmp_path)]
    assert path.read_bytes() == b"content"


def test_a_failure_leaves_the_former_file_and_nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "name"
    write_durably(path, b"former")

    def failing(descriptor: int) -> None:
        raise OSError("the card failed")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="the card failed"):
        write_durably(path, b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"name": b"former"}


def test_what_lies_beside_is_replaced_and_no_link_is_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"untouched")
    (tmp_path / "beside").symlink_to(other)
    write_durably(tmp_path / "name", b"content", beside=tmp_path / "beside", mode=0o600)
    assert other.read_bytes() == b"untouched"
    assert stat.S_IMODE((tmp_path / "name").stat().st_mode) == 0o600
    assert not (tmp_path / "beside").is_symlink()
