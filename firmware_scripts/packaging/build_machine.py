"""The machine that packages are built in: a Debian 13 of their architecture with what ``debian/control`` asks for.

It is made once and kept. Each build has its own layer over it, which is thrown away, and no network. Needs root.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from firmware_scripts.rig.debian import SOURCES, make_debian
from firmware_scripts.rig.store import kept

CONTROL = Path(__file__).parent / "debian" / "control"
_UNREAD = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale")]
_BUILD = "/build/source"
"""The same place each time, because compilers write it into what they make."""

_IN_NAMESPACE = f"""\
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mkdir -p "$2/root{_BUILD}"
mount --bind "$3" "$2/root/build"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
ip link set lo up
cd /
exec chroot "$2/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent LC_ALL=C.UTF-8 \\
    DEB_BUILD_PROFILES="$4" DEB_BUILD_OPTIONS=nocheck /bin/sh -ec 'cd {_BUILD} && exec dpkg-buildpackage -b -us -uc'
"""


def build_depends(architecture: str) -> list[str]:
    """Return the packages that ``debian/control`` wants for a build, without their versions."""
    (field,) = re.findall(r"^Build-Depends:\n((?: .*\n)+)", CONTROL.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = []
    for entry in field.split(","):
        found = re.fullmatch(r"([\w.+-]+)(?: \([^)]*\))?(?: \[(.*)\])?", entry.strip())
        if found and architecture in (found[2] or architecture).split():
            wanted.append(found[1])
    return wanted


def build_machine(architecture: str) -> Path:
    """Return the kept machine's root folder, which nobody writes to."""
    packages = build_depends(architecture)
    made_from = repr((SOURCES, architecture, packages, _UNREAD))

    def make(folder: Path) -> None:
        make_debian(folder / "root", architecture=architecture, packages=packages, variant="buildd", options=_UNREAD)

    return kept(f"build-{architecture}", made_from, make) / "root"


def build(source: Path, architecture: str, *, profiles: Sequence[str], log: Path) -> list[Path]:
    """Build the packages of a laid out source; return them, as they lie beside it.

    Raises:
        subprocess.CalledProcessError: It failed; the log says why.
    """
    root = build_machine(architecture)
    with tempfile.TemporaryDirectory(prefix="layer-", dir=root.parent) as layer, log.open("wb") as said:
        for part in ("upper", "work", "root"):
            (Path(layer) / part).mkdir()
        subprocess.run(
            [
                *(
                    # With whoever started it, and however that one ends, the build ends too.
                    *("setpriv", "--pdeathsig", "KILL"),
                    "unshare",
                    "--mount",
                    "--net",
                    "--ipc",
                    "--uts",
                    "--pid",
                    "--kill-child",
                    "sh",
                    "-ec",
                    _IN_NAMESPACE,
                    "sh",
                ),
                *(str(root), layer, str(source.parent), " ".join(profiles)),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    return sorted(source.parent.glob("*.deb"))
