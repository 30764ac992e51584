"""Build the Pi's SD card: Debian 13 for arm64, with what the station's package depends on.

Needs root and qemu-user. The package itself is not on it: it is installed on the running board, as on a real one. What
it depends on is there already, because a board that is emulated would unpack that for an hour.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.rig import rootfs
from firmware_scripts.rig.debian import SOURCES
from firmware_scripts.rig.store import kept

PI_3B = "a02082"
"""The revision that a Pi 3B's firmware puts into the device tree, and QEMU does not; gpiozero asks for it."""
_DEVICE_TREE = "bcm2837-rpi-3-b.dtb"
_PACKAGES = (*rootfs.BASE, "linux-image-arm64", "openssh-server", "apt", "e2fsprogs")
_NETWORK = "[Match]\\nName=usb*\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n"


@dataclass(frozen=True, slots=True)
class SdCard:
    """What the board boots. ``machine.disk`` is to be copied, never written to."""

    machine: rootfs.EmulatedMachine
    device_tree: Path
    key: Path
    """Private key for ssh as root into the board. It is made together with this SD card and opens nothing else."""


def sd_card(station: Path) -> SdCard:
    """Return the SD card's image. The first call on a machine takes a quarter of an hour.

    Args:
        station: The station's package for arm64.
    """
    needed = _needed(station)
    made_from = repr((SOURCES, _PACKAGES, needed, rootfs.DISK_MIB, _NETWORK, PI_3B))
    folder = kept("arm64", made_from, lambda into: _build(into, needed))
    return SdCard(rootfs.machine_in(folder), folder / _DEVICE_TREE, folder / "key")


def _needed(package: Path) -> tuple[str, ...]:
    """Return the names of the packages that a package depends on; of alternatives the first (deb-control(5))."""
    command = ["dpkg-deb", "--field", str(package), "Depends"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(sorted({one.partition("|")[0].partition("(")[0].strip() for one in said.split(",")}))


def _build(folder: Path, needed: tuple[str, ...]) -> None:
    root = folder / "root"
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", str(key)], check=True)
    rootfs.bootstrap(
        root,
        architecture="arm64",
        packages=(*_PACKAGES, *needed),
        hooks=rootfs.reached_by_ssh(key, network=_NETWORK),
    )
    device_tree = folder / _DEVICE_TREE
    shutil.copy(next(root.glob(f"usr/lib/linux-image-*/broadcom/{_DEVICE_TREE}")), device_tree)
    subprocess.run(["fdtput", "-t", "x", "-p", str(device_tree), "/system", "linux,revision", PI_3B], check=True)
    rootfs.pack(root, folder)
