"""Build the Pi's SD card: Debian 13 for arm64, with the station's libraries where the Debian package has them.

Needs root and qemu-user. The agent is not on it: that is installed as on a board, from a wheel of this checkout.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.rig import rootfs, wheels
from firmware_scripts.rig.debian import SOURCES
from firmware_scripts.rig.store import kept

PI_3B = "a02082"
"""The revision that a Pi 3B's firmware puts into the device tree, and QEMU does not; gpiozero asks for it."""
_DEVICE_TREE = "bcm2837-rpi-3-b.dtb"
_PACKAGES = (*rootfs.BASE, "linux-image-arm64", "openssh-server", "python3-venv", "libpcsclite1", "e2fsprogs")
_COMPILING = ("gcc", "libc6-dev", "python3-dev", "swig", "libpcsclite-dev")
"""For the libraries that have no wheel for this Python and processor: evdev, lgpio, pyscard."""
_NETWORK = "[Match]\nName=usb*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"

_BUILD = f"""\
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
python3 -m venv /usr/lib/cunhui-station
pip() {{ /usr/lib/cunhui-station/bin/python -m pip "$@"; }}
pip install --quiet --no-index --no-deps /wheels/setuptools-*.whl
PYPI=1 pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir /wheels /wheels/*.tar.gz
rm /wheels/*.tar.gz
pip install --quiet --no-index --no-deps /wheels/*.whl
systemctl --quiet enable systemd-networkd.service ssh.service
apt-get purge --quiet=2 --yes --auto-remove -o Dpkg::Use-Pty=0 {" ".join(_COMPILING)} >/dev/null
rm /build.sh
"""

_ENTER = """\
mount -t proc proc "$1/proc"
exec chroot "$1" /usr/bin/env -i /bin/sh /build.sh
"""
"""Run in a mount namespace of its own, so that everything mounted in it goes away with it."""


@dataclass(frozen=True, slots=True)
class SdCard:
    """What the board boots. ``machine.disk`` is to be copied, never written to."""

    machine: rootfs.EmulatedMachine
    device_tree: Path
    key: Path
    """Private key for ssh as root into the board. It is made together with this SD card and opens nothing else."""
    wheels: list[str]
    """File names of the wheels for arm64 that were installed."""


def sd_card() -> SdCard:
    """Return the SD card's image. The first call on a machine takes a quarter of an hour."""
    lock = wheels.PI_LOCK.read_text(encoding="utf-8")
    made_from = repr((SOURCES, _PACKAGES, rootfs.DISK_MIB, _COMPILING, lock, _NETWORK, _BUILD, PI_3B))
    folder = kept("arm64", made_from, _build)
    names = (folder / "wheels.txt").read_text(encoding="utf-8").split()
    return SdCard(rootfs.machine_in(folder), folder / _DEVICE_TREE, folder / "key", names)


def _build(folder: Path) -> None:
    root = folder / "root"
    rootfs.bootstrap(root, architecture="arm64", packages=(*_PACKAGES, *_COMPILING))
    (root / "wheels").mkdir()
    wheels.fetch(wheels.PI_LOCK, root / "wheels", architecture="arm64")
    (root / "build.sh").write_text(_BUILD, encoding="utf-8")
    subprocess.run(["unshare", "--mount", "sh", "-ec", _ENTER, "sh", str(root)], check=True)
    built = sorted(wheel.name for wheel in (root / "wheels").iterdir() if "aarch64" in wheel.name)
    (folder / "wheels.txt").write_text("\n".join(built), encoding="utf-8")
    shutil.rmtree(root / "wheels")
    _let_bench_in(root, folder)
    device_tree = folder / _DEVICE_TREE
    shutil.copy(next(root.glob(f"usr/lib/linux-image-*/broadcom/{_DEVICE_TREE}")), device_tree)
    subprocess.run(["fdtput", "-t", "x", "-p", str(device_tree), "/system", "linux,revision", PI_3B], check=True)
    rootfs.pack(root, folder)


def _let_bench_in(root: Path, folder: Path) -> None:
    """Give it a network and let its bench in."""
    (root / "etc/hostname").write_text("village\n", encoding="ascii")
    (root / "etc/systemd/network/80-usb.network").write_text(_NETWORK, encoding="ascii")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", str(key)], check=True)
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.move(f"{key}.pub", root / "root/.ssh/authorized_keys")
