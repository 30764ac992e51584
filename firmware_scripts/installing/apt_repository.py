"""A signed apt repository with some packages and all that they need, for machines that reach no other one.

`reprepro` keeps it. What is needed beside the packages is asked of apt, in the very system that they are meant for.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CODENAME = "trixie"
_DISTRIBUTIONS = """\
Codename: {codename}
Architectures: {architecture}
Components: main
SignWith: {key}
"""
_IN_NAMESPACE = """\
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
cp /etc/resolv.conf "$2/root/etc/resolv.conf"
mkdir -p "$2/root/packages"
cp "$3"/*.deb "$2/root/packages"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
chroot "$2/root" apt-get --quiet=2 update
exec chroot "$2/root" apt-get --quiet=2 --yes --download-only -o APT::Keep-Downloaded-Packages=true \\
    -o APT::Sandbox::User=root install --no-install-recommends $(cd "$2/root" && ls -d packages/*.deb | sed 's|^|/|')
"""


@dataclass(frozen=True, slots=True)
class AptRepository:
    """Where it lies, and the key that signs it. ``bytes`` is the size of all its packages."""

    folder: Path
    key: Path
    packages: int
    bytes: int


def what_they_need(packages: Sequence[Path], *, system: Path, into: Path) -> None:
    """Fetch into a folder what apt would fetch to install the packages in a system. The system stays as it is.

    Args:
        system: The root folder of a Debian.

    Raises:
        subprocess.CalledProcessError: apt found no way to install them.
    """
    with tempfile.TemporaryDirectory(prefix="closure-", dir=system.parent) as layer, _copies(packages) as copies:
        for part in ("upper", "work", "root"):
            (Path(layer) / part).mkdir()
        subprocess.run(["unshare", "--mount", "sh", "-ec", _IN_NAMESPACE, "sh", str(system), layer, copies], check=True)
        for package in (Path(layer) / "upper/var/cache/apt/archives").glob("*.deb"):
            shutil.copy(package, into)


def _copies(packages: Sequence[Path]) -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory(prefix="packages-")
    for package in packages:
        shutil.copy(package, folder.name)
    return folder


def make_repository(packages: Sequence[Path], folder: Path, *, architecture: str) -> AptRepository:
    """Make a repository of packages in a folder, signed by a key that is made for it."""
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    environment = {"GNUPGHOME": str(home), "PATH": "/usr/bin:/bin"}

    def run(*command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=folder).stdout

    run(
        "gpg",
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-generate-key",
        "Cunhui rig",
        "ed25519",
        "sign",
        "never",
    )
    listed = run("gpg", "--batch", "--with-colons", "--list-keys")
    fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    (folder / "conf").mkdir()
    (folder / "conf/distributions").write_text(
        _DISTRIBUTIONS.format(codename=CODENAME, architecture=architecture, key=fingerprint), encoding="ascii"
    )
    run("reprepro", "--silent", "includedeb", CODENAME, *map(str, packages))
    key = folder / "cunhui.asc"
    key.write_text(run("gpg", "--batch", "--armor", "--export", fingerprint), encoding="ascii")
    return AptRepository(folder, key, len(packages), sum(package.stat().st_size for package in packages))
