"""Python packages for other machines than this one: what only a Pi needs, and what a lock file names."""

import os
import subprocess
import sys
from pathlib import Path

from firmware_scripts.rig.store import kept

_REPOSITORY = Path(__file__).parents[2]
_RIG_LOCK = _REPOSITORY / "requirements" / "rig.txt"
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}
_NEWEST_GLIBC = 41
"""Debian 13 has 2.41, and runs wheels for it and for older ones (PEP 600)."""


def site() -> Path:
    """Return a folder for PYTHONPATH with picamera2, lgpio and what they need, as ``requirements/rig.txt`` locks it."""
    return kept("site", _RIG_LOCK.read_text(encoding="utf-8"), _install)


def _install(folder: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--system-certs", "--python", sys.executable),
            *("--no-deps", "--require-hashes", "--target", str(folder), "--requirements", str(_RIG_LOCK)),
        ],
        check=True,
        # lgpio's own switch: build its C library in, instead of linking one that Debian does not have.
        env=os.environ | {"PYPI": "1"},
    )


def fetch(lock: Path, folder: Path, *, architecture: str) -> None:
    """Fetch what a lock file names, as wheels for an architecture of Debian's; where there is none, as its source."""
    processor = _PROCESSORS[architecture]
    platforms = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, _NEWEST_GLIBC + 1))]
    command = [*_pip("download"), "--require-hashes", "--implementation", "cp", "--python-version", "3.13"]
    for platform in platforms:
        command += ["--platform", f"{platform}_{processor}"]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(lock)], check=True)


def _pip(verb: str) -> list[str]:
    return [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]
