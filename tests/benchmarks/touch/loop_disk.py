"""A disk of the bench's own: ext4 on a loop device, so that the kernel counts every sector that is written to it."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

_SIZE = 1 << 30
_MKFS = ["mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"]
_OPTIONS = "noatime"
"""As Raspberry Pi OS mounts its root."""
_SECTOR_BYTES = 512
_SECTORS_WRITTEN = 6
"""Place in /sys/block/NAME/stat (Documentation/block/stat.rst)."""


class NoLoopDisk(Exception):
    """This machine does not let us have one; the message says why."""


class LoopDisk:
    """Mounted while the context lasts; the image is a sparse file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "disk"
        self._image = folder / "disk.img"
        self._device = ""

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise NoLoopDisk("a loop device needs root")
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(_SIZE)
        _run(*_MKFS, str(self._image))
        _run("mount", "-o", f"loop,{_OPTIONS}", str(self._image), str(self.path))
        try:
            self._device = self._mounted()[0].removeprefix("/dev/")
        except BaseException:
            _run("umount", str(self.path))
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _run("umount", str(self.path))  # frees the loop device too: mount(8) set it to clear itself
        except NoLoopDisk:
            _run("umount", "--lazy", str(self.path))
        self._image.unlink()

    def _mounted(self) -> list[str]:
        for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if fields[1] == str(self.path):
                return fields
        raise NoLoopDisk(f"{self.path} is not mounted")

    def describe(self) -> str:
        """Return file system and mount options as the kernel states them."""
        fields = self._mounted()
        return f"{fields[2]} on a loop device, 4096-byte blocks, {fields[3]}"

    def written_bytes(self) -> int:
        """Return what was written to the device so far, all that is still in memory included."""
        _run("sync", "--file-system", str(self.path))
        stat = Path(f"/sys/block/{self._device}/stat").read_text(encoding="ascii").split()
        return int(stat[_SECTORS_WRITTEN]) * _SECTOR_BYTES


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoLoopDisk(f"{command[0]} is not installed") from error
    if done.returncode:
        raise NoLoopDisk(f"{command[0]}: {done.stderr.strip()}")
