"""The county's generation: how often it came back from a backup.

It stands in the database and, as a floor, in a file of the county's folder: two restores from the same dump
must not give the same number twice, or stations would not believe the second.
"""

import os
from pathlib import Path

from django.conf import settings
from django.db import transaction

from server_broker.fleet.models import CountyState

_FILE = "generation"


def generation() -> int:
    """Return the generation that receipts and welcomes state."""
    state, _ = CountyState.objects.get_or_create(pk=1)
    return state.generation


def raise_generation() -> int:
    """Say that the database was restored from a backup; stations then offer what it lacks. Return the new number.

    The file is written before the database, so a crash between the two skips a number and repeats none.
    """
    path = settings.HOME.root / _FILE
    with transaction.atomic():
        CountyState.objects.get_or_create(pk=1)
        state = CountyState.objects.select_for_update().get(pk=1)
        state.generation = max(state.generation, _floor(path)) + 1
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
