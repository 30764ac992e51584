"""Content is on the disk once, under its hash, whole or not at all."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server_broker.bundles.files import BundleFolder, ContentDiffers


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path)
    first = folder.keep(b"content")
    inode = folder.path(first).stat().st_ino
    assert folder.keep(b"content") == first == hashlib.sha256(b"content").digest()
    assert [path.stat().st_ino for path in files(tmp_path)] == [inode]


@pytest.mark.parametrize("change", [b"", b"other bytes", b"content and more"], ids=["shorter", "other", "longer"])
def test_a_file_that_is_not_what_was_announced_leaves_nothing(tmp_path: Path, change: bytes) -> None:
    source, root = tmp_path / "source", tmp_path / "bundles"
    root.mkdir()
    source.write_bytes(change)
    sha256 = hashlib.sha256(b"content").digest()
    with pytest.raises(ContentDiffers):
        BundleFolder(root).keep_file(source, sha256=sha256, size=7)
    assert files(root) == []
    source.write_bytes(b"content")
    BundleFolder(root).keep_file(source, sha256=sha256, size=7)
    assert [path.read_bytes() for path in files(root)] == [b"content"]


def test_files_that_nobody_names_go_when_they_are_old(tmp_path: Path) -> None:
    folder, now = BundleFolder(tmp_path), datetime.now(UTC)
    named, unnamed = folder.keep(b"named"), folder.keep(b"unnamed")
    half = folder.path(unnamed).with_name(".half.0badcafe")
    half.write_bytes(b"left by a crash")
    assert folder.drop_unnamed({named}, before=now - timedelta(days=1)) == 0
    assert folder.drop_unnamed({named}, before=now + timedelta(days=1)) == 2
    assert files(tmp_path) == [folder.path(named)]
