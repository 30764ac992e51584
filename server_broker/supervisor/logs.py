"""Keep the parts' logs small: a log that is too large becomes ``NAME.log.1``, the older one ``.2``, and so on.

A part writes to the file that was open at its start and can't change to another. So the log is copied and then emptied
in place. The parts append (O_APPEND), so they continue at its new end. Lines written between the copy and the emptying
are lost. That is acceptable, because no fact depends on a log.
"""

import os
import shutil
from pathlib import Path

MAX_LOG_BYTES = 16 * 2**20
KEPT = 3
"""Number of older files kept of each log."""


def rotate_logs(folder: Path, *, limit: int = MAX_LOG_BYTES) -> list[str]:
    """Rotate the logs in ``folder`` that are larger than ``limit`` bytes; return their names.

    Raises:
        OSError: A log could not be copied; it stays as it is.
    """
    large = [log for log in sorted(folder.glob("*.log")) if log.stat().st_size > limit]
    for log in large:
        # The oldest first, so that none is overwritten before it has moved.
        for number in range(KEPT - 1, 0, -1):
            older = _older(log, number)
            if older.exists():
                older.rename(_older(log, number + 1))
        with log.open("rb") as full, _older(log, 1).open("wb") as copy:
            os.chmod(copy.fileno(), 0o600)
            # The last ``limit`` bytes: a log that grew fast may be much larger, and its end tells what goes on now.
            full.seek(max(0, os.fstat(full.fileno()).st_size - limit))
            shutil.copyfileobj(full, copy)
        os.truncate(log, 0)
    return [log.name for log in large]


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
