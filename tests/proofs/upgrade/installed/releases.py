"""The packages of an earlier commit, the packages of this one, and the Debian on which they are tried."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from firmware_scripts.packaging.making import make_packages
from firmware_scripts.packaging.parts import PACKAGES
from firmware_scripts.packaging.source import REPOSITORY
from firmware_scripts.packaging.version import commit_of
from firmware_scripts.rig.debian import SOURCES, make_debian, own_architecture
from firmware_scripts.rig.store import kept

FIRST_PACKAGES = "12a7acb1"
"""The commit whose packages a county is upgraded from: the first one whose county package is known to take stations.

The county's units came into the package with 8717768d, which can't be built: its build trips over a file that Python's
venv leaves. With 0aa30e16 no verb of ``cunhui-server`` starts. With fae7f2e1 the broker is never told to read its lists
again, because of the blanks that pad its process id, and refuses every station; 95b5d35f mended that.
"""
COUNTY, STATION = "cunhui-county", "cunhui-station"
_SYSTEM = ("systemd-sysv", "dbus", "apt", "procps", "ca-certificates")
_CLUSTERS = "etc/postgresql-common/createcluster.d"
_NEVER = "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer mosquitto.service"
"""Apt's own work would hold dpkg's lock. The county has a broker of its own."""


def packages_of(commit: str) -> dict[str, Path]:
    """Return the packages of an earlier commit by name, built by that commit's own tools and kept."""
    full = subprocess.run(
        ["git", "-C", str(REPOSITORY), "rev-parse", commit], check=True, capture_output=True, text=True
    ).stdout.strip()

    def build(into: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="cunhui-earlier-") as folder:
            clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(REPOSITORY), folder]
            subprocess.run(clone, check=True)
            subprocess.run(["git", "-C", folder, "checkout", "--quiet", full], check=True)
            program = [sys.executable, "-P", "-m", "firmware_scripts.packaging", "--out", str(into)]
            # It ends with 1 for what lintian of today finds in it; its packages are there all the same.
            subprocess.run(program, cwd=folder, env=os.environ | {"PYTHONPATH": folder}, stdout=sys.stderr)
        _by_name(into)

    return _by_name(kept("packages", full, build))


def packages_of_this() -> dict[str, Path]:
    """Return the county's package of this checkout; it is kept, unless it has changes that are in no commit."""
    commit = commit_of(REPOSITORY)

    def build(into: Path) -> None:
        make_packages(commit, own_architecture(), [COUNTY], into)

    if not commit.dirty:
        return _by_name(kept("packages-county", commit.name, build), COUNTY)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-packages-"))
    build(folder)
    return _by_name(folder, COUNTY)


def _by_name(folder: Path, *names: str) -> dict[str, Path]:
    return {name: next(folder.glob(f"{name}_*.deb")) for name in names or PACKAGES}


def version_of(package: Path) -> str:
    """Return the version that a package file says."""
    asked = ["dpkg-deb", "--field", str(package), "Version"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def as_version(package: Path, version: str, into: Path) -> Path:
    """Return the same package as another version, quickly packed."""
    with tempfile.TemporaryDirectory(prefix="cunhui-repacked-") as name:
        folder = Path(name) / "root"
        subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(folder)], check=True)
        control = folder / "DEBIAN" / "control"
        lines = control.read_text(encoding="utf-8").splitlines()
        lines = [f"Version: {version}" if line.startswith("Version:") else line for line in lines]
        control.write_text("\n".join(lines) + "\n", encoding="utf-8")
        subprocess.run(
            ["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", str(folder), str(into)],
            check=True,
            stdout=sys.stderr,  # the report alone goes to standard output
        )
    return into


def debian_for(*packages: Path) -> Path:
    """Return the root folder of a kept Debian that has what these packages need, and not the packages."""
    asked = [["dpkg-deb", "--field", str(package), "Depends"] for package in packages]
    needs = ", ".join(subprocess.run(one, check=True, capture_output=True, text=True).stdout.strip() for one in asked)
    install = f"env RUNLEVEL=1 apt-get satisfy -y --no-install-recommends '{needs}'"
    options = [
        f'--essential-hook=mkdir -p "$1/{_CLUSTERS}" && echo create_main_cluster = false >"$1/{_CLUSTERS}/proof.conf"',
        f'--customize-hook=chroot "$1" {install}',
        f'--customize-hook=chroot "$1" systemctl --quiet mask {_NEVER}',
    ]

    def make(folder: Path) -> None:
        make_debian(folder / "root", architecture=own_architecture(), packages=_SYSTEM, options=options)

    return kept("upgrade-debian", repr((SOURCES, _SYSTEM, options)), make) / "root"


def unpacked_station(package: Path, into: Path) -> Path:
    """Unpack a station's package and return its Python, which runs its agent."""
    subprocess.run(["dpkg-deb", "--extract", str(package), str(into)], check=True)
    python = into / "usr/lib/cunhui-station/bin/python3"
    python.unlink()  # a link to Debian's Python, by its way from where the package would be installed
    python.symlink_to("/usr/bin/python3")
    return python
