"""Wheels for the machines of the rig: Python packages that only a Pi needs, and the product itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from firmware_scripts.rig.store import kept

_REPOSITORY = Path(__file__).parents[2]
_RIG_LOCK = _REPOSITORY / "requirements" / "rig.txt"
PI_LOCK = _REPOSITORY / "requirements" / "pi.txt"
_SOURCE = ("protocol", "agent", "kiosk_tui", "server_broker", "firmware_scripts")
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


def product(folder: Path) -> Path:
    """Build the wheel of this checkout into a folder. Nothing is written into the checkout."""
    source = folder / "source"
    source.mkdir()
    for name in _SOURCE:
        shutil.copytree(_REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(_REPOSITORY / name, source)
    command = [*_pip("wheel"), "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    shutil.rmtree(source)
    return next(folder.glob("*.whl"))


def _pip(verb: str) -> list[str]:
    return [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]
