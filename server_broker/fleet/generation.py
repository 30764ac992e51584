"""The county's generation: a number that rises each time the county comes back from a backup.

The number stands in the database. A file in the county's folder keeps the highest number ever used, because two
restores of the same dump must not give the same number: stations would not notice the second restore. If the whole
machine is restored from an image, the file is old too. So a new number is also at least the seconds since 2026 began:
no image holds a number from after it was made.
"""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from server_broker.fleet.models import CountyState
from server_broker.platform.files import write_atomically

_FILE = "generation"
_CLOCK_BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_BY_CLOCK = 1_000
"""Generations from this number on come from the clock. Smaller ones were counted one by one."""
_LAST_BY_CLOCK = 900_000_000
"""In 2054. A later clock is wrong; and versions of desired states start at the generation and must stay below 10^9."""


def generation() -> int:
    """Return the generation, which receipts and welcomes carry."""
    state, _ = CountyState.objects.get_or_create(pk=1)
    return state.generation


def by_clock(now: datetime) -> int:
    """Return the lowest generation for a restore at ``now``; 0 if the clock can't be right."""
    seconds = int((now - _CLOCK_BEGINS).total_seconds())
    return seconds if FIRST_BY_CLOCK <= seconds <= _LAST_BY_CLOCK else 0


def raise_generation(*, now: datetime, above: int = 0) -> int:
    """Raise the generation after the database was restored from a backup, and return the new number.

    Stations that see the new number offer the facts that the database lacks.

    Args:
        above: A generation that a station has seen. The new number is higher.
    """
    path = settings.HOME.root / _FILE
    with transaction.atomic():
        CountyState.objects.get_or_create(pk=1)
        state = CountyState.objects.select_for_update().get(pk=1)
        state.generation = max(max(state.generation, _floor(path), above) + 1, by_clock(now))
        # The file comes before the database: a crash between the two skips a number, but never repeats one.
        write_atomically(path, str(state.generation).encode("ascii"))
        state.save()
    return state.generation


def _floor(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0
