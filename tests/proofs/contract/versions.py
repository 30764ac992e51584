"""The earlier version's files out of the history, and processes that run in one version or the other."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.proofs.contract import pipes

OLD = "82216a7982122608134dd5c86d11c4359a60355f"
"""The last commit of contract 1.0."""
HERE = Path(__file__).parent
NEW = Path(__file__).parents[3]


def take_out(commit: str, code: Path) -> None:
    """Write the files of a commit into ``code``.

    Raises:
        subprocess.CalledProcessError: This checkout does not have that commit.
    """
    code.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=NEW, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    # The scripts of this proof run among that version's files.
    shutil.copytree(HERE, code / HERE.relative_to(NEW), ignore=shutil.ignore_patterns("__pycache__"))


class End:
    """One of this proof's scripts, run with the code of one version. It answers what it is asked, in order."""

    def __init__(self, code: Path, script: str, *arguments: str) -> None:
        """Start it. ``code`` is the folder of the version."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.proofs.contract.{script}", *arguments],
            cwd=code,
            env={**os.environ, "PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def say(self, value: Any) -> None:
        """Send something without waiting."""
        assert self._process.stdin is not None
        pipes.put(self._process.stdin, value)

    def hear(self) -> Any:
        """Wait for what it says next.

        Raises:
            EOFError: It has died.
        """
        assert self._process.stdout is not None
        return pipes.get(self._process.stdout)

    def ask(self, *value: Any) -> Any:
        """Send something and return the answer.

        Raises:
            EOFError: It has died.
        """
        self.say(value)
        return self.hear()

    def kill(self) -> None:
        """Kill it (SIGKILL), as a power cut does."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """Let it end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._end()

    def _end(self) -> None:
        self._process.wait(timeout=60)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
