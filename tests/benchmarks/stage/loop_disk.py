"""A disk of the bench's own: ext4 on a loop device, so that the kernel counts every sector that is written to it.

Its power can be cut. EXT4_IOC_SHUTDOWN without flushing the journal (Documentation/filesystems/ext4, ``godown -f`` of
xfstests) ends all writing to the device at one instant. Synced data is on the device. Data that was only in the page
cache, or in a journal transaction that was not committed, is gone. Mounting again replays the journal. Two things are
not covered: data that a device loses or tears out of its own cache, and memory cells that fail.
"""

import fcntl
import os
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_scripts.demo.processes import NotInTime, wait_until

_SIZE = 1 << 30
_MKFS = ["mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"]
_OPTIONS = "noatime"
"""As Raspberry Pi OS mounts its root."""
_SECTOR_BYTES = 512
_SECTORS_WRITTEN, _FLUSHES = 6, 15
"""Places in /sys/block/NAME/stat (Documentation/block/stat.rst)."""
_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN (include/uapi/linux/ext4.h)."""
_NO_LOG_FLUSH = struct.pack("I", 2)
"""EXT4_GOING_FLAGS_NOLOGFLUSH."""


_LET_GO_S = 20.0
"""Longer than killed processes take to end on a busy machine."""


class NoLoopDisk(Exception):
    """This machine does not let us have a loop device; the message says why."""


class StillHeld(Exception):
    """The file system that lost its power is still mounted in somebody else's mount namespace; the message says
    whose."""


def own_mounts() -> None:
    """Put the mounts that this process and its children make from now on into a mount namespace of their own.

    A program that makes a mount namespace (``ip netns exec``, ``unshare --mount``) gets a copy of every mount that it
    sees. A copy of ours would keep the file system alive over `LoopDisk.power_off`. Mounting the device again would
    then give back that dead file system, in which every write is an I/O error (mount_namespaces(7)). Call this before
    any thread is started, because a namespace belongs to a thread.

    Raises:
        NoLoopDisk: This process is not root.
    """
    if os.geteuid() != 0:
        raise NoLoopDisk("a loop device needs root")
    os.unshare(os.CLONE_NEWNS)
    _run("mount", "--make-rprivate", "/")


class LoopDisk:
    """Mounted while the context lasts; the image is a sparse file in ``folder``."""

    def __init__(self, folder: Path, *, name: str = "disk") -> None:
        self.path = folder / name
        self._image = folder / f"{name}.img"
        self._device = ""

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise NoLoopDisk("a loop device needs root")
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(_SIZE)
        _run(*_MKFS, str(self._image))
        self._device = _run("losetup", "--find", "--show", str(self._image)).strip()
        try:
            self._mount()
        except BaseException:
            _run("losetup", "--detach", self._device)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._mount_entry():
                _run("umount", str(self.path))
        except NoLoopDisk:
            _run("umount", "--lazy", str(self.path))
        _run("losetup", "--detach", self._device)  # at once, or when its last user has gone (loop(4))
        self._image.unlink()

    def _mount(self) -> None:
        _run("mount", "-o", _OPTIONS, self._device, str(self.path))

    def power_off(self) -> None:
        """From this instant on nothing reaches the device, and every write fails with EIO."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(folder)

    def power_on(self, *, within_s: float = _LET_GO_S) -> None:
        """Mount the device as it is. Every process that used it must have been killed.

        Raises:
            NotInTime: Some process still uses it.
            StillHeld: No process does, but a copy of the mount keeps the old file system alive. Call this again after
                that copy has gone.
        """
        if self._mount_entry():
            wait_until(self._unmounted, what=f"{self.path} to be let go", timeout_s=within_s, every_s=0.02)
        try:
            wait_until(self._gone, what=f"{self._device} to be free", timeout_s=within_s, every_s=0.02)
        except NotInTime as error:
            raise StillHeld(f"{self.path} lives on in another mount namespace: {self._holders()}") from error
        self._mount()

    def _gone(self) -> bool:
        """Whether the kernel no longer has a file system of the device (Documentation/ABI/testing/sysfs-fs-ext4)."""
        return not Path("/sys/fs/ext4", self._device.removeprefix("/dev/")).exists()

    def _holders(self) -> str:
        number = os.stat(self._device).st_rdev
        mark = f" {os.major(number)}:{os.minor(number)} "
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "mountinfo").read_text(encoding="utf-8"):
                    found.append(f"{process.name} ({(process / 'comm').read_text(encoding='utf-8').strip()})")
            except OSError:  # it has ended meanwhile
                continue
        return ", ".join(sorted(found)) or "no process that can be seen"

    def _unmounted(self) -> bool:
        return subprocess.run(["umount", str(self.path)], capture_output=True, check=False).returncode == 0

    def _mount_entry(self) -> list[str]:
        """Return the fields of its line of proc_pid_mounts(5); none if it is not mounted."""
        entries = map(str.split, Path("/proc/thread-self/mounts").read_text(encoding="utf-8").splitlines())
        return next((fields for fields in entries if fields[1] == str(self.path)), [])

    def describe(self) -> str:
        """Return file system and mount options as the kernel states them."""
        fields = self._mount_entry()
        return f"{fields[2]} on a loop device, 4096-byte blocks, {fields[3]}"

    def written_bytes(self) -> int:
        """Return how much was written to the device so far, including data that is still in memory."""
        _run("sync", "--file-system", str(self.path))
        return self._counts()[_SECTORS_WRITTEN] * _SECTOR_BYTES

    def flushes(self) -> int:
        """Return how often the device was told to flush its cache so far."""
        return self._counts()[_FLUSHES]

    def _counts(self) -> list[int]:
        stat = Path(f"/sys/block/{self._device.removeprefix('/dev/')}/stat").read_text(encoding="ascii")
        return [int(count) for count in stat.split()]


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoLoopDisk(f"{command[0]} is not installed") from error
    if done.returncode:
        raise NoLoopDisk(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout
