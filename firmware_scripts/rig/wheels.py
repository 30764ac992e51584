"""Python packages that only a Pi needs, built here for the machine of the rig."""

import os
import subprocess
import sys
from pathlib import Path

from firmware_scripts.rig.store import kept

_LOCK = Path(__file__).parents[2] / "requirements" / "rig.txt"


def site() -> Path:
    """Return a folder for PYTHONPATH with picamera2, lgpio and what they need, as ``requirements/rig.txt`` locks it."""
    return kept("site", _LOCK.read_text(encoding="utf-8"), _install)


def _install(folder: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable, "--no-deps"),
            *("--require-hashes", "--target", str(folder), "--requirements", str(_LOCK)),
        ],
        check=True,
        # lgpio's own switch: build its C library in, instead of linking one that Debian does not have.
        env=os.environ | {"PYPI": "1"},
    )
