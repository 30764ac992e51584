"""Run a program on bytes, in a process that knows no secret of ours."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    # Where our own programs are found.
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""Nothing of our own environment: what the program reads comes from strangers."""


def run_apart(command: Sequence[str], data: bytes, *, within_s: float) -> subprocess.CompletedProcess[bytes]:
    """Run a program with these bytes on its standard input, and wait for it. How much it may use the command says.

    Raises:
        subprocess.TimeoutExpired: It was not done in time, and was ended.
    """
    return subprocess.run(  # noqa: S603 - commands of our own, no shell
        command, input=data, capture_output=True, env=_ENVIRONMENT, cwd="/", timeout=within_s, check=False
    )
