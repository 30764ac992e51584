"""Days and nights of resident cadres, kept for pages: a chore reckons a village's month anew a few times a day."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from server_broker.closing.models import ClosedMonth, ResidentMonth
from server_broker.dated.days import begin_of
from server_broker.people.models import PersonRecord, PersonType
from server_broker.platform.transient import is_transient
from server_broker.settlement.resident import Resided
from server_broker.settlement.times import month_of, next_month, previous_month
from server_broker.settling.horizon import settled_horizon
from server_broker.settling.residing import residing

AGAIN = dt.timedelta(hours=8)
AT_A_TIME = 5
"""Villages of one turn of the chore: each is read with the stations of its township."""

type VillageMonth = tuple[int, str]
"""A village, and a month such as ``2026-03``."""


@dataclass(frozen=True, slots=True)
class ResidentLine:
    """One month of somebody who is sent to live in a village."""

    person: int
    number: str
    name: str
    days: int
    nights: int
    needed: int
    incomplete: tuple[dt.date, ...]
    """The dates whose day or night may still come."""


def kept_residents(village: int, month: str) -> list[Resided]:
    """Return the month of a village's residents as it was reckoned last."""
    return [
        Resided(
            person=str(row.person_id),
            village=str(village),
            month=month,
            days=row.days,
            nights=row.nights,
            needed=row.needed,
            incomplete=tuple(map(dt.date.fromisoformat, row.incomplete)),
        )
        for row in ResidentMonth.objects.filter(village__identity=village, month=month).order_by("person")
    ]


def lines_of(lived: Iterable[Resided], names: Mapping[int, tuple[str, str]]) -> list[ResidentLine]:
    """Return a village's residents by number, with their numbers and names."""
    lines = (
        ResidentLine(int(one.person), *names[int(one.person)], one.days, one.nights, one.needed, tuple(one.incomplete))
        for one in lived
    )
    return sorted(lines, key=lambda one: (one.number, one.person))


def refresh(now: dt.datetime, failed: set[VillageMonth] | None = None) -> str | None:
    """Reckon the months of some villages anew that are due. Returns what was done, or None.

    Args:
        failed: The months over which the program failed. The caller keeps them from turn to turn: they come last, so
            that they keep no other village waiting.

    Raises:
        Exception: As one of them failed. All others of this turn were reckoned.
    """
    failed = set() if failed is None else failed
    due = sorted(_due(now), key=lambda one: one in failed)[:AT_A_TIME]
    if not due:
        return None
    known = settled_horizon()
    errors = []
    for village, month in due:
        try:
            keep(village, month, residing(village, month, known), known)
        except Exception as error:  # the village's data or a bug: the others go on
            if is_transient(error):
                raise
            failed.add((village, month))
            errors.append(error)
        else:
            failed.discard((village, month))
    if errors:
        raise errors[0]
    return f"reckoned the residents of {len(due)} villages"


def keep(village: int, month: str, found: Iterable[Resided], known: dt.datetime) -> None:
    """Keep what a village's month came to, instead of what stood there."""
    rows = [
        ResidentMonth(
            village_id=village,
            person_id=int(one.person),
            month=month,
            days=one.days,
            nights=one.nights,
            needed=one.needed,
            incomplete=[str(day) for day in one.incomplete],
            known_at=known,
        )
        for one in found
    ]
    with transaction.atomic():
        ResidentMonth.objects.filter(village__identity=village, month=month).delete()
        ResidentMonth.objects.bulk_create(rows)


def _due(now: dt.datetime) -> Iterable[VillageMonth]:
    """Yield the villages with residents and their months that are open and were not reckoned lately."""
    today = timezone.localdate(now)
    firsts = [previous_month(today), today.replace(day=1)]
    months = [month_of(first) for first in firsts]
    rows = ClosedMonth.objects.filter(month__in=months).values_list("village", "month")
    closed = {(int(village), month) for village, month in rows}
    fresh = ResidentMonth.objects.filter(month__in=months, known_at__gt=now - AGAIN)
    done = {(int(village), month) for village, month in fresh.values_list("village", "month")} | closed
    for first in firsts:
        held = PersonRecord.objects.known().during(begin_of(first), begin_of(next_month(first)))
        residents = held.filter(type=PersonType.RESIDENT, left=False)
        # Also where the last of them was said not to be one after all.
        kept = ResidentMonth.objects.filter(month=month_of(first)).values_list("village__identity", flat=True)
        villages: set[int] = {*residents.values_list("village__identity", flat=True), *kept}
        for village in sorted(villages):
            if (village, month_of(first)) not in done:
                yield village, month_of(first)
