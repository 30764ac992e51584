"""Debian 13 made of packages, of this machine's architecture or of another one through qemu-user.

Needs root (mmdebstrap).
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SOURCES = (
    "deb http://deb.debian.org/debian trixie main",
    "deb http://deb.debian.org/debian-security trixie-security main",
)
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_EMULATORS = {"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}


def own_architecture() -> str:
    """Return Debian's name of this machine's architecture."""
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def make_debian(
    into: Path,
    *,
    architecture: str,
    packages: Sequence[str],
    variant: str = "minbase",
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Make a Debian 13 in a folder, or in a file that ends in ``.tar``.

    Args:
        variant, options: As mmdebstrap(1) has them.
        environment: Variables for the programs of its packages.
    """
    if architecture != own_architecture():
        let_run(architecture)
    command = [
        *("mmdebstrap", "--quiet", "--mode=root", f"--variant={variant}", f"--architectures={architecture}"),
        *([f"--include={','.join(packages)}"] if packages else []),
        '--aptopt=Apt::Install-Recommends "false"',
        *options,
        "trixie",
        str(into),
        *SOURCES,
    ]
    subprocess.run(command, check=True, env={**os.environ, **(environment or {})})


def let_run(architecture: str) -> None:
    """Let the kernel start an architecture's programs by qemu-user, as systemd-binfmt does where systemd runs.

    See binfmt.d(5).
    """
    emulator = _EMULATORS[architecture]
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)], check=True)
    if not (_BINFMT / emulator).exists():
        line = Path(f"/usr/lib/binfmt.d/{emulator}.conf").read_text(encoding="ascii").splitlines()[0]
        (_BINFMT / "register").write_text(line, encoding="ascii")
