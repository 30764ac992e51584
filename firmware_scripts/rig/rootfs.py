"""Debian 13 machines for QEMU, made of packages: a kernel, an initrd and a disk. Needs root (mmdebstrap)."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.rig.debian import SOURCES, make_debian
from firmware_scripts.rig.store import kept

BASE = ("systemd-sysv", "udev", "kmod", "python3", "initramfs-tools", "zstd", "dbus", "iproute2")
DISK_MIB = 2048
"""A power of two: QEMU takes no other SD card."""
_INITRAMFS = "MODULES=most\\nCOMPRESS=zstd\\nCOMPRESSLEVEL=1\\nRESUME=none\\n"

_UNIT = """\
[Unit]
Description=The work that this machine was started for
After=systemd-udev-settle.service dbus.service
Wants=systemd-udev-settle.service

[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStartPre=/bin/mkdir -p /mnt/order
ExecStartPre=/bin/mount -t 9p -o trans=virtio,msize=262144 order /mnt/order
ExecStart=/bin/sh /mnt/order/order.sh
ExecStopPost=/bin/systemctl poweroff --force

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class EmulatedMachine:
    """What QEMU boots. ``kernel_version`` is what ``uname -r`` says in it."""

    kernel: Path
    initrd: Path
    disk: Path
    kernel_version: str


def machine(packages: tuple[str, ...]) -> EmulatedMachine:
    """Return an amd64 machine with some packages; it runs ``order.sh`` of the share ``order`` and powers off."""
    wanted = (*BASE, "linux-image-amd64", *packages)
    return machine_in(kept("amd64", repr((SOURCES, wanted, _UNIT, DISK_MIB)), lambda into: _build(into, wanted)))


def machine_in(folder: Path) -> EmulatedMachine:
    """Return the machine whose parts `pack` put into a folder."""
    kernel = next(folder.glob("vmlinuz-*"))
    return EmulatedMachine(
        kernel, next(folder.glob("initrd.img-*")), folder / "disk.img", kernel.name.removeprefix("vmlinuz-")
    )


def _build(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "rig.service").write_text(_UNIT, encoding="utf-8")
    install = (
        f"copy-in {folder / 'rig.service'} /etc/systemd/system",
        'chroot "$1" systemctl --quiet enable rig.service',
    )
    root = folder / "root"
    bootstrap(root, architecture="amd64", packages=packages, hooks=install)
    pack(root, folder)


def bootstrap(root: Path, *, architecture: str, packages: Sequence[str], hooks: Sequence[str] = ()) -> None:
    """Make a Debian 13 with a kernel in a folder.

    Args:
        hooks: What is done to it in the end (mmdebstrap(1), ``--customize-hook``).
    """
    initramfs = '"$1/etc/initramfs-tools/conf.d'
    make_debian(
        root,
        architecture=architecture,
        packages=packages,
        options=[
            *(f"--dpkgopt=path-exclude=/usr/share/{unread}/*" for unread in ("man", "doc", "locale")),
            f'--essential-hook=mkdir -p {initramfs}"; printf "{_INITRAMFS}" > {initramfs}/rig"',
            '--customize-hook=chroot "$1" update-initramfs -c -k all',
            *(f"--customize-hook={hook}" for hook in hooks),
        ],
        # The initrd is made once, at the end. Otherwise the kernel's package and a trigger would each make one.
        environment={"INITRD": "No"},
    )


def reached_by_ssh(key: Path, *, network: str) -> tuple[str, ...]:
    """Return hooks of `bootstrap` that give a machine a network and let root in by ssh.

    Args:
        key: A private key of ssh, with its public part beside it.
        network: A network's file (systemd.network(5)) as printf takes it: ``\\n`` ends a line.
    """
    return (
        f"printf '{network}' > \"$1/etc/systemd/network/80-rig.network\"",
        'echo village > "$1/etc/hostname"',
        'mkdir -p -m 0700 "$1/root/.ssh"',
        f"copy-in {key}.pub /root/.ssh",
        f'mv "$1/root/.ssh/{key.name}.pub" "$1/root/.ssh/authorized_keys"',
        'chroot "$1" systemctl --quiet enable systemd-networkd.service ssh.service',
    )


def pack(root: Path, folder: Path, *, disk_mib: int = DISK_MIB, keep: bool = False) -> None:
    """Turn a Debian in ``root`` into a machine's parts in ``folder``; ``root`` is deleted unless it is to be kept."""
    for name in ("vmlinuz-*", "initrd.img-*"):
        shutil.copy(next((root / "boot").glob(name)), folder)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", str(root), str(folder / "disk.img"), f"{disk_mib}M"], check=True)
    if not keep:
        shutil.rmtree(root)
