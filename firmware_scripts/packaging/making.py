"""Make the packages of a commit for one architecture."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from firmware_scripts.packaging.build_machine import build
from firmware_scripts.packaging.parts import PACKAGES
from firmware_scripts.packaging.source import REPOSITORY, lay_out
from firmware_scripts.packaging.version import Commit
from firmware_scripts.rig import wheels
from firmware_scripts.rig.store import kept

SHORT = {name.removeprefix("cunhui-"): name for name in PACKAGES}
"""The packages' names as a person types them, and in full."""


def make_packages(commit: Commit, architecture: str, names: Sequence[str], out: Path) -> list[Path]:
    """Build packages and return them in ``out``, where the build's log is too.

    Args:
        names: In full.

    Raises:
        SystemExit: The build failed; the message has the end of its log.
    """
    fetched = fetched_wheels(architecture)
    profiles = [f"pkg.cunhui.no{short}" for short, name in SHORT.items() if name not in names]
    log = out / f"build-{architecture}.log"
    with tempfile.TemporaryDirectory(prefix="cunhui-package-") as folder:
        source = Path(folder) / "source"
        source.mkdir()
        lay_out(source, commit, fetched)
        try:
            made = build(source, architecture, profiles=profiles, log=log)
        except subprocess.CalledProcessError as failed:
            said = log.read_text(encoding="utf-8", errors="replace")
            raise SystemExit(f"{said[-5_000:]}\nthe build failed ({failed.returncode})") from failed
        return [Path(shutil.copy(one, out)) for one in made]


def fetched_wheels(architecture: str) -> Path:
    """Return a folder with what the lock files of an architecture name."""
    locks = [REPOSITORY / "requirements" / one.locks[architecture] for one in PACKAGES.values()]

    def fetch(folder: Path) -> None:
        for lock in locks:
            wheels.fetch(lock, folder, architecture=architecture)

    return kept(f"wheels-{architecture}", "".join(lock.read_text(encoding="utf-8") for lock in locks), fetch)
