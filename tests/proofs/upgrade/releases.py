"""Releases of the product on this machine: this commit's code, and an earlier commit's from the history."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.processes import Process

BEFORE = "82216a7982122608134dd5c86d11c4359a60355f"
"""The last commit of the release before this one: contract 1.0."""
HERE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Release:
    """One release's files. Its programs run with the same interpreter and packages as this one's."""

    name: str
    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Our environment, but with this release's modules before all others."""
        return {**os.environ, "PYTHONPATH": str(self.root)}

    def program(self, name: str, module: Sequence[str], *, log: Path) -> Process:
        """Return a program of this release, not yet started."""
        return Process(name, [sys.executable, "-m", *module], log=log, env=self.environment, cwd=self.root)

    def check(self) -> None:
        """Check that Python takes the modules from here.

        Raises:
            RuntimeError: It takes another release's, so that nothing would be proven.
        """
        asked = [sys.executable, "-c", "import agent, server_broker; print(agent.__file__, server_broker.__file__)"]
        done = subprocess.run(asked, cwd=self.root, env=self.environment, capture_output=True, text=True, check=True)
        if not all(Path(found).is_relative_to(self.root) for found in done.stdout.split()):
            raise RuntimeError(f"{self.name} runs {done.stdout}")


def this_release() -> Release:
    """Return the code of this checkout."""
    return Release("new", HERE)


def earlier_release(commit: str, root: Path) -> Release:
    """Write the files of a commit into ``root`` and return them.

    Raises:
        subprocess.CalledProcessError: This checkout does not have that commit.
    """
    root.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=HERE, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(root)], input=archive.stdout, check=True)
    return Release("old", root)
