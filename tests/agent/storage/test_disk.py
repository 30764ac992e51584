"""How much is free under a folder, and how much the kernel counted as written to its device."""

import os
import subprocess
from pathlib import Path

import pytest

from agent.storage.disk import free_kib, space, written_kib


def device_of(folder: Path) -> str:
    number = os.stat(folder).st_dev
    return f"{os.major(number)}:{os.minor(number)}"


def fake_sys(tmp_path: Path, *, stat: str, partition: bool) -> Path:
    """A sysfs with one disk. ``tmp_path`` lies on that disk, or on a partition of it."""
    disk = tmp_path / "sys" / "devices" / "mmcblk0"
    own = disk / "mmcblk0p2" if partition else disk
    own.mkdir(parents=True)
    if partition:
        (own / "partition").write_text("2\n", encoding="ascii")
        (own / "stat").write_text("0 0 0 0 0 0 8 0 0 0 0\n", encoding="ascii")
    (disk / "stat").write_text(stat, encoding="ascii")
    links = tmp_path / "sys" / "dev" / "block"
    links.mkdir(parents=True)
    (links / device_of(tmp_path)).symlink_to(own)
    return tmp_path / "sys"


def test_free_room_is_what_others_than_root_have(tmp_path: Path) -> None:
    told = subprocess.run(["stat", "-f", "-c", "%a %S %b", str(tmp_path)], capture_output=True, text=True, check=True)
    free, block, total = map(int, told.stdout.split())
    assert space(tmp_path).total_bytes == total * block
    assert abs(space(tmp_path).free_bytes - free * block) < 2**30
    assert abs(free_kib(tmp_path) - free * block // 1024) < 2**20


@pytest.mark.parametrize("partition", [False, True])
def test_sectors_written_to_the_whole_device_are_counted(tmp_path: Path, partition: bool) -> None:
    stat = "  446216  784926 9550688 4382310  145022   89422 1010100 0 0 0 0 0 0 0 0 0 0\n"
    assert written_kib(tmp_path, sys=fake_sys(tmp_path, stat=stat, partition=partition)) == 1_010_100 * 512 // 1024


@pytest.mark.parametrize("stat", ["", "1 2 3\n", "a b c d e f g h\n"])
def test_a_kernel_that_says_something_else_tells_nothing(tmp_path: Path, stat: str) -> None:
    assert written_kib(tmp_path, sys=fake_sys(tmp_path, stat=stat, partition=False)) is None


def test_a_file_system_in_memory_has_no_device() -> None:
    assert written_kib(Path("/dev/shm")) is None
