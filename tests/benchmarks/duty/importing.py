"""A process of its own that takes in one sheet, so that its memory is its own: ``python -m …importing FILE``.

The folder of the county is in ``CUNHUI_HOME``. It prints one JSON object: how long the import took, in seconds, how
many rows changed, and the most memory that the process had, before and after, in MB.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def take_in(workbook: bytes) -> dict[str, Any]:
    """Take in a file in a process of its own, and return what that process says."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(workbook)
        file.flush()
        command = [sys.executable, "-m", "tests.benchmarks.duty.importing", file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def main() -> int:
    """Take the sheet in."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from server_broker.rosters.roster_import import import_people  # noqa: PLC0415

    connection.ensure_connection()
    before, began = _most_mb(), time.monotonic()
    result = import_people(Path(sys.argv[1]), actor="service", renames=None)
    seconds = time.monotonic() - began
    if not result.ok:
        print("\n".join(result.lines()[:5]), file=sys.stderr)
        return 1
    counts = {sheet: str(count) for sheet, count in result.counts.items()}
    said = {"seconds": round(seconds, 2), "before_mb": before, "most_mb": _most_mb(), "rows": counts}
    print(json.dumps(said, ensure_ascii=False))
    return 0


def _most_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    sys.exit(main())
