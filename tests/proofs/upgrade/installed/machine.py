"""A Debian in namespaces of this machine, booted by its own systemd, on a small disk that a run can fill.

Its network is this program's, so that stations outside reach it by 127.0.0.1. Needs root, and cgroup2 in the kernel.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from firmware_scripts.demo.processes import wait_until

DISK_MIB = 6_144
"""The setup wants four GB free. What is not written takes no room."""
_BOOT_S = 300.0
_BOOT = """\
mount --make-rprivate /
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=0755 tmpfs "$1/dev"
for one in null zero full random urandom tty; do touch "$1/dev/$one"; mount --bind "/dev/$one" "$1/dev/$one"; done
mkdir "$1/dev/pts" "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
mount -t tmpfs tmpfs "$1/dev/shm"
ln -s pts/ptmx "$1/dev/ptmx"
cd "$1"
# Not chroot(2): a process in one may make no user namespace, which units want (user_namespaces(7)).
pivot_root . mnt
umount -l /mnt
exec /usr/bin/env -i container=cunhui-proof PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd
"""
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
_ENVIRONMENT |= {"DEBIAN_FRONTEND": "noninteractive"}


def own_namespaces() -> None:
    """Leave the machine's network and its mounts: what a run mounts ends with this program, however that ends."""
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWNET)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Machine:
    """One machine. Its disk lies over read-only layers, which several machines share."""

    def __init__(self, folder: Path, layers: Sequence[Path]) -> None:
        """Make its disk, and mount it.

        Args:
            layers: What its disk lies on, the uppermost first.
        """
        folder.mkdir(mode=0o755)
        self._image, self._disk, self.root = folder / "disk.img", folder / "disk", folder / "root"
        self._ballast = self._disk / "ballast"
        self._systemd: subprocess.Popen[bytes] | None = None
        subprocess.run(["truncate", "-s", f"{DISK_MIB}M", str(self._image)], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(self._image)], check=True)
        for path in (self._disk, self.root):
            path.mkdir()
        subprocess.run(["mount", "-o", "loop", str(self._image), str(self._disk)], check=True)
        for part in ("upper", "work"):
            (self._disk / part).mkdir(mode=0o755)
        lower = ":".join(map(str, layers))
        said = f"lowerdir={lower},upperdir={self._disk / 'upper'},workdir={self._disk / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", said, str(self.root)], check=True)

    @property
    def layer(self) -> Path:
        """What this machine has written, as a layer for others. It must be off."""
        return self._disk / "upper"

    def boot(self) -> None:
        """Switch it on, and wait until its systemd has started what it starts."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(self.root / "run")], check=True)
        kinds = ("--mount", "--pid", "--cgroup", "--uts", "--ipc")
        self._systemd = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                "unshare",
                *kinds,
                "--fork",
                "--kill-child",
                "sh",
                "-ec",
                _BOOT,
                "sh",
                self.root,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._is_up, what="the machine to boot", timeout_s=_BOOT_S, every_s=0.3)

    def cut_power(self) -> None:
        """End every process at once; its disk stays."""
        if self._systemd is not None:
            self._systemd.kill()  # and with it its child, the namespace's first process
            self._systemd.wait()
            self._systemd = None
            wait_until(self._let_go, what="the machine's memory to be free", timeout_s=60.0, every_s=0.1)

    def close(self) -> None:
        """Switch it off, and throw its disk away."""
        self.cut_power()
        subprocess.run(["umount", str(self.root)], check=False)
        subprocess.run(["umount", str(self._disk)], check=False)
        self._image.unlink()

    def run(self, command: str, *, timeout_s: float = 900.0, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a shell's line as root, and return what came of it.

        Raises:
            CommandFailed: It ended with an error.
        """
        done = subprocess.run(
            self._inside(command), capture_output=True, text=True, timeout=timeout_s, env=_ENVIRONMENT
        )
        if check and done.returncode:
            raise CommandFailed(f"{command}: {done.returncode}\n{done.stdout[-3_000:]}\n{done.stderr[-3_000:]}")
        return done

    def start(self, command: str, log: Path) -> "subprocess.Popen[bytes]":
        """Start a shell's line as root; its output goes to the end of a file outside."""
        with log.open("ab") as said:
            return subprocess.Popen(
                self._inside(command), stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=_ENVIRONMENT
            )

    def kill(self, pattern: str) -> int:
        """Send SIGKILL to each process whose command line matches (pkill(1)), and return whether there was one."""
        return int(self.run(f"pkill -KILL -f -- '{pattern}'", check=False).returncode == 0)

    def fill_disk(self, *, leave_mib: int) -> None:
        """Leave so much of the disk free."""
        free = shutil.disk_usage(self._disk).free
        subprocess.run(["fallocate", "-l", str(max(1, free - leave_mib * 2**20)), str(self._ballast)], check=True)

    def clear_disk(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def _inside(self, command: str) -> list[str]:
        kinds = ("--mount", "--uts", "--ipc", "--pid", "--cgroup", "--root", "--wdns=/")
        return ["nsenter", "--target", str(self._first_process()), *kinds, "--", "/bin/sh", "-c", command]

    def _first_process(self) -> int:
        assert self._systemd is not None
        children = Path(f"/proc/{self._systemd.pid}/task/{self._systemd.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def _is_up(self) -> bool:
        try:
            said = self.run("systemctl is-system-running", check=False).stdout.strip()
        except (IndexError, FileNotFoundError):
            return False
        return said in ("running", "degraded")

    def _let_go(self) -> bool:
        return subprocess.run(["umount", str(self.root / "run")], capture_output=True).returncode == 0


class CommandFailed(Exception):
    """A command of a machine ended with an error."""
