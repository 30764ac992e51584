"""The clock of a county that lives a month in minutes: libfaketime moves what its processes take for the time.

Python and PostgreSQL of one process tree read the same file, so that what is recorded is recorded at the lived time.
Monotonic clocks stay as they are.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from protocol.china_time import CHINA

_FILE, _OFFSET = "FAKETIME_TIMESTAMP_FILE", "PROOF_REAL_TIME_OFFSET"


def library() -> str:
    """Return the library, of Debian's package libfaketime."""
    (found, *_) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return str(found)


def run_lived(arguments: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    """Start a Python program that can move its clock. Its folder must be one that every account may enter."""
    file = folder / "clock"
    file.write_text("+0\n", encoding="ascii")
    environment = os.environ | {
        "LD_PRELOAD": library(),
        _FILE: str(file),
        # Each call reads the file, so that all processes go by it at once.
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        _OFFSET: repr(time.time() - time.monotonic()),
    }
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


class LivedClock:
    """Moves the time of a program that `run_lived` started. It only goes forward."""

    def __init__(self) -> None:
        self._file = Path(os.environ[_FILE])
        self._offset = float(os.environ[_OFFSET])

    def now(self) -> datetime:
        """Return the lived time, local."""
        return datetime.now(CHINA).replace(tzinfo=None)

    def reach(self, at: datetime) -> None:
        """Have it be so late, if it is not later already."""
        if at <= self.now() + timedelta(milliseconds=1):
            return
        ahead = at.replace(tzinfo=CHINA).timestamp() - (time.monotonic() + self._offset)
        written = self._file.with_suffix(".next")
        written.write_text(f"{ahead:+.6f}\n", encoding="ascii")
        written.chmod(0o644)
        written.replace(self._file)

    def begin(self, at: datetime) -> None:
        """Begin to live at a time of the past."""
        ahead = at.replace(tzinfo=CHINA).timestamp() - (time.monotonic() + self._offset)
        self._file.write_text(f"{ahead:+.6f}\n", encoding="ascii")
