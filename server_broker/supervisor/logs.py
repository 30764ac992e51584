"""Keep the parts' logs bounded: a log that has grown too large becomes ``NAME.log.1``, that one ``.2``, and so on.

A part writes to the file that it was given at its start and cannot be told of another. So the log is copied and
then emptied in place; the parts append (O_APPEND), so they go on at its new end. Lines written between the copy and
the emptying are lost; they are logs and no records.
"""

import os
import shutil
from pathlib import Path

MAX_LOG_BYTES = 16 * 2**20
KEPT = 3
"""Older files of each log."""


def rotate_logs(folder: Path, *, limit: int = MAX_LOG_BYTES) -> list[str]:
    """Turn the logs in ``folder`` that are larger than ``limit`` bytes; return their names.

    Raises:
        OSError: A log could not be copied; it stays as it is.
    """
    large = [log for log in sorted(folder.glob("*.log")) if log.stat().st_size > limit]
    for log in large:
        _turn(log, limit)
    return [log.name for log in large]


def _turn(log: Path, limit: int) -> None:
    """Copy the last ``limit`` bytes to the newest of the older files, and empty the log."""
    for number in range(KEPT - 1, 0, -1):
        older = _older(log, number)
        if older.exists():
            older.rename(_older(log, number + 1))
    with log.open("rb") as full, _older(log, 1).open("wb") as copy:
        os.chmod(copy.fileno(), 0o600)
        full.seek(max(0, os.fstat(full.fileno()).st_size - limit))
        shutil.copyfileobj(full, copy)
    os.truncate(log, 0)


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
