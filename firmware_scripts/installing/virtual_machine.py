"""A PC in QEMU that stays as it was when its power is cut, reached by ssh alone and by the ports that it offers."""

import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from firmware_scripts.demo.processes import NotInTime, Process, wait_until
from firmware_scripts.rig import rootfs
from firmware_scripts.rig.debian import SOURCES
from firmware_scripts.rig.guest import CommandFailed, Guest
from firmware_scripts.rig.store import kept

HOST = "10.0.2.2"
"""The machine that runs QEMU, as the PC sees it (QEMU: user networking)."""
DISK_MIB = 8192
_PACKAGES = (
    *(*rootfs.BASE, "linux-image-amd64", "openssh-server", "apt", "ca-certificates", "systemd-timesyncd"),
    "apparmor",
)
"""AppArmor as Debian installs it by default, with its profiles as they are."""
_NETWORK = "[Match]\\nName=eth0\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n"
_BOOT_S = 600.0


def bare_debian() -> Path:
    """Return a folder with a bare Debian 13: ``root/``, the parts that QEMU boots, and the key that ssh takes."""
    made_from = repr((SOURCES, _PACKAGES, _NETWORK, DISK_MIB))
    return kept("bare-amd64", made_from, _build)


def _build(folder: Path) -> None:
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", str(key)], check=True)
    rootfs.bootstrap(
        folder / "root",
        architecture="amd64",
        packages=_PACKAGES,
        hooks=rootfs.reached_by_ssh(key, network=_NETWORK),
    )
    rootfs.pack(folder / "root", folder, disk_mib=DISK_MIB, keep=True)


class VirtualMachine:
    """One PC with a disk of its own."""

    def __init__(self, name: str, folder: Path, *, offers: Mapping[int, int] | None = None) -> None:
        """Copy the bare Debian's disk.

        Args:
            offers: Ports of this machine's loopback address, and the PC's port that each leads to.
        """
        self.name = name
        bare = bare_debian()
        self._machine = rootfs.machine_in(bare)
        self._folder = folder / name
        self._folder.mkdir()
        self._disk = self._folder / "disk.img"
        subprocess.run(["cp", "--sparse=always", str(self._machine.disk), str(self._disk)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as found:
            ssh = int(found.getsockname()[1])
        self._forwards = {ssh: 22, **(offers or {})}
        self._starts = 0
        self._process: Process | None = None
        key = shutil.copy(bare / "key", self._folder / "key")
        Path(key).chmod(0o600)
        self.guest = Guest(port=ssh, key=Path(key), folder=self._folder)

    def power_on(self) -> None:
        """Switch it on and wait until it answers.

        Raises:
            NotInTime: With the end of what it said on its serial line.
        """
        self._starts += 1
        serial = self._folder / f"serial-{self._starts}.log"
        self._process = Process(self.name, self._command(serial), log=self._folder / "qemu.log")
        self._process.start()
        self._reach(serial)

    def reboot(self) -> None:
        """Have it boot again by itself."""
        before = self.guest.run("cat /proc/sys/kernel/random/boot_id")
        # The answer may be cut off with the connection.
        self.guest.start("systemctl reboot", log=self._folder / "reboot.log").wait(60)
        self.guest.close()

        def again() -> bool:
            try:
                self.guest.connect(timeout_s=_BOOT_S)
                return self.guest.run("cat /proc/sys/kernel/random/boot_id") != before
            except (NotInTime, CommandFailed):
                return False

        wait_until(again, what=f"{self.name} to boot again", timeout_s=_BOOT_S, every_s=2.0)

    def cut_power(self) -> None:
        """End the emulator with SIGKILL. What the machine has not written to its disk is gone."""
        if self._process is not None:
            self.guest.close()
            self._process.kill9()
            self._process = None

    def _reach(self, serial: Path) -> None:
        try:
            self.guest.connect(timeout_s=_BOOT_S)
        except NotInTime as error:
            raise NotInTime(f"{error}\n{serial.read_text(errors='replace')[-3_000:]}") from error

    def _command(self, serial: Path) -> list[str]:
        forwards = ",".join(f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in self._forwards.items())
        return [
            *("qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"),
            *("-smp", "2", "-m", "2048", "-display", "none", "-serial", f"file:{serial}"),
            *("-kernel", str(self._machine.kernel), "-initrd", str(self._machine.initrd)),
            *("-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 net.ifnames=0"),
            # cache=none would need O_DIRECT; a killed QEMU leaves this machine's page cache whole in any case.
            *("-drive", f"file={self._disk},if=virtio,format=raw", "-device", "virtio-rng-pci"),
            *("-netdev", f"user,id=line,{forwards}", "-device", "virtio-net-pci,netdev=line"),
        ]
