"""Backs up a county's database and restores it, as its operator does."""

import subprocess
from pathlib import Path

MOST_RESTORES = 5


def dump(home: Path, file: Path) -> None:
    """Back up the database of the county in ``home``.

    Raises:
        subprocess.CalledProcessError: It could not be read.
    """
    subprocess.run(["pg_dump", *_database(home), "-Fc", "-f", str(file)], check=True, capture_output=True)


def restore(home: Path, file: Path) -> None:
    """Replace the database by a backup, while others may go on asking it.

    Dropping tables that others read can end in a deadlock. PostgreSQL then gives up the whole transaction, and
    whoever restores begins again (PostgreSQL 17, section 13.3.4).

    Raises:
        AssertionError: It was not restored; the message says why.
    """
    command = ["pg_restore", *_database(home), "--clean", "--if-exists", "--single-transaction", str(file)]
    for _ in range(MOST_RESTORES):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return
        if "deadlock detected" not in done.stderr:
            break
    raise AssertionError(f"the backup was not restored: {done.stderr[-2000:]}")


def _database(home: Path) -> list[str]:
    return ["-h", str(home / "run"), "-U", "postgres", "-d", "cunhui"]
