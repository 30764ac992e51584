"""A disk that is not there, another one, full or damaged is named, and the copy before goes on counting."""

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from server_broker.backup.encryption import TargetFailed, Written, encrypt
from server_broker.backup.target import FOLDER, Manifest, Target
from server_broker.platform.files import sha256_of
from tests.integration.small_disk import SmallDisk

KEY = bytes(32)
NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
RECIPIENT = "age1vwhgw2n2ej32xmfqrhqsclpalrlp68sak3fw5uznpenfqhfhnydqld467z"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    target = Target(tmp_path)
    target.begin(recipient=RECIPIENT, county="示例县", now=NOW)
    return target


def manifest(target: Target, **contents: bytes) -> Manifest:
    files = {}
    for name, content in contents.items():
        (target.root / name).write_bytes(content)
        files[name] = Written(len(content), sha256_of(target.root / name).hex())
    made = Manifest("示例县", RECIPIENT, NOW, "000000010000000000000005", 35, files)
    target.put_manifest(made, KEY)
    return made


def test_a_folder_without_its_mark_is_not_written_to(tmp_path: Path, target: Target) -> None:
    """As when the disk is pulled out and its mount point stays behind on the system's disk."""
    (target.root / "cunhui-backup.json").unlink()
    with pytest.raises(TargetFailed, match="没有插上"):
        target.require(recipient=RECIPIENT, disk=False)
    with pytest.raises(TargetFailed, match="没有插上"):
        Target(tmp_path / "elsewhere").require(recipient=RECIPIENT, disk=False)
    assert not (tmp_path / "elsewhere").exists()


def test_what_should_be_a_disk_of_its_own_is_not_the_systems(target: Target) -> None:
    with pytest.raises(TargetFailed, match="没有插上"):
        target.require(recipient=RECIPIENT, disk=True)


def test_a_disk_of_another_county_is_not_written_to(target: Target) -> None:
    manifest(target, one=b"1")
    with pytest.raises(TargetFailed, match="是别的县的备份"):
        target.require(recipient=RECIPIENT.replace("q", "p"), disk=False)


def test_a_changed_manifest_is_noticed(target: Target) -> None:
    made = manifest(target, one=b"1")
    assert target.manifest() == made
    path = target.root / "manifest.json"
    path.write_text(path.read_text().replace("2026-12-01", "2026-12-02"), encoding="utf-8")
    with pytest.raises(TargetFailed, match="校验和"):
        target.manifest()
    path.write_text(json.dumps({"sha256": "", "copy": []}), encoding="utf-8")
    with pytest.raises(TargetFailed, match="坏了"):
        target.manifest()


def test_missing_cut_and_changed_files_are_named(target: Target) -> None:
    made = manifest(target, one=b"1111", two=b"2222", three=b"3333", four=b"4444")
    (target.root / "one").unlink()
    (target.root / "two").write_bytes(b"22")
    (target.root / "three").write_bytes(b"3433")
    said = ["缺少 one", "two 坏了：大小不符", "three 坏了：校验和不符"]
    assert target.damages(made) == dict(zip(("one", "two", "three"), said, strict=True))


def test_only_a_county_with_the_key_can_have_written_a_manifest(target: Target) -> None:
    manifest(target, one=b"1")
    found = target.manifest()
    assert found is not None
    assert found.signed_by(KEY)
    assert not found.signed_by(bytes(31) + b"1")
    assert not replace(found, files={}).signed_by(KEY)


@pytest.mark.parametrize(
    "path", ["repo/../../pwn.age", "/etc/pwn.age", "repo//pwn.age", "repo/./pwn.age", "repo/\0", ""]
)
def test_a_manifest_that_names_a_way_out_is_refused(target: Target, path: str) -> None:
    target.put_manifest(Manifest("示例县", RECIPIENT, NOW, "", 35, {path: Written(1, "aa")}), KEY)
    with pytest.raises(TargetFailed, match="不该有的路径"):
        target.manifest()


def test_no_link_and_no_pipe_on_the_disk_is_followed_or_written_through(target: Target) -> None:
    outside = target.root.parent / "outside"
    outside.mkdir()
    (outside / "one").write_bytes(b"1")
    made = manifest(target, **{"a-file": b"1", "a-pipe": b""})
    made.files["repo/one"] = made.files["a-link"] = made.files["a-file"]
    (target.root / "repo").symlink_to(outside)
    (target.root / "a-link").symlink_to(outside / "one")
    (target.root / "a-pipe").unlink()
    os.mkfifo(target.root / "a-pipe")
    assert target.damages(made) == {
        name: f"{name} 读不了：是链接，不是我们写的" for name in ("a-link", "a-pipe", "repo/one")
    }
    for left in ("repo", "a-link", "a-pipe"):
        with pytest.raises(TargetFailed, match="是链接"):
            target.sizes()
        (target.root / left).unlink()
    assert target.sizes() == {"a-file": 1}


def test_what_no_manifest_names_goes_and_its_folders_too(target: Target) -> None:
    (target.root / "info" / "old").mkdir(parents=True)
    (target.root / "info" / "old" / "one.age").touch()
    manifest(target, kept=b"1")
    target.drop_others({"kept"})
    assert sorted(path.name for path in target.root.iterdir()) == ["cunhui-backup.json", "kept", "manifest.json"]


def test_a_disk_that_is_full_in_the_middle_keeps_the_copy_before(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", megabytes=2) as disk:
        target = Target(disk.path)
        target.begin(recipient=RECIPIENT, county="示例县", now=NOW)
        target.require(recipient=RECIPIENT, disk=True)
        before = manifest(target, one=b"1")
        with disk.full(), pytest.raises(TargetFailed, match="磁盘满了"):
            encrypt(lambda pipe: pipe.write(bytes(2**20)), target.root / "two.age", recipient=RECIPIENT)
        with disk.full(), pytest.raises(TargetFailed, match="磁盘满了"):
            target.put_manifest(Manifest("示例县", RECIPIENT, NOW, "", 35, {}), KEY)
        assert target.manifest() == before
        assert target.damages(before) == {}
        assert sorted(path.name for path in (disk.path / FOLDER).iterdir()) == [
            "cunhui-backup.json", "manifest.json", "one"
        ]  # fmt: skip
