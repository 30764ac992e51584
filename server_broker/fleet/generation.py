"""The county's generation: a number that rises each time the county comes back from a backup.

It stands in the database and, as a floor, in a file of the county's folder: two restores from the same dump
must not give the same number twice, or stations would not believe the second. Where the whole machine comes back, the
file is old too; so a new number is also at least the seconds since 2026 began, which no image knows beforehand.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from server_broker.fleet.models import CountyState

_FILE = "generation"
_CLOCK_BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_BY_CLOCK = 1_000
"""Numbers from here on are of the clock; those below were counted by ones."""
_LAST_BY_CLOCK = 900_000_000
"""In 2054: a later clock is wrong, and versions of desired states count up from the generation to 10^9."""


def generation() -> int:
    """Return the generation that receipts and welcomes state."""
    state, _ = CountyState.objects.get_or_create(pk=1)
    return state.generation


def by_clock(now: datetime) -> int:
    """Return the generation that a restore at ``now`` has at least; 0 where the clock can't be right."""
    seconds = int((now - _CLOCK_BEGINS).total_seconds())
    return seconds if FIRST_BY_CLOCK <= seconds <= _LAST_BY_CLOCK else 0


def raise_generation(*, now: datetime, above: int = 0) -> int:
    """Say that the database was restored from a backup; stations then offer what it lacks. Return the new number.

    Args:
        above: A generation that a station has seen.

    The file is written before the database, so a crash between the two skips a number and repeats none.
    """
    path = settings.HOME.root / _FILE
    with transaction.atomic():
        CountyState.objects.get_or_create(pk=1)
        state = CountyState.objects.select_for_update().get(pk=1)
        state.generation = max(max(state.generation, _floor(path), above) + 1, by_clock(now))
        _write_durably(path, str(state.generation))
        state.save()
    return state.generation


def _floor(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _write_durably(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
