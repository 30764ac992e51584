"""Write the county's own table. Each change is a decision, which the county signs (docs/rules.md, 1.4)."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.workdays.models import Calendar, CountyDay
from server_broker.workdays.sheet import FIRST, LAST

COUNTY = "county"


class CountyWord(NamedTuple):
    """What the county says of a date. ``working`` None: nothing any more."""

    working: bool | None
    name: str = ""


class DayRefused(Exception):
    """Nothing was changed. The message is Chinese."""


def set_day(date: dt.date, word: CountyWord, *, actor: str, reason: str = "") -> None:
    """Have the county's word hold for one date.

    Raises:
        DayRefused: The county says so already, or never said anything, or the date is out of all bounds.
    """
    if not FIRST <= date <= LAST:
        raise DayRefused(f"日期要在 {FIRST.year} 年到 {LAST.year} 年之间")
    with transaction.atomic():
        if not write_days({date: word}, actor=actor, reason=reason):
            raise DayRefused(f"{date} 本来就是这样")
        entry = record(actor, "calendar.day_set", date.isoformat(), {"reason": reason})
        decide(entry, Decided(action="calendar.day_set", subject=date.isoformat()))


def write_days(words: Mapping[dt.date, CountyWord], *, actor: str, reason: str = "") -> int:
    """Write dates in the caller's transaction, and return how many of them are news. The caller decides afterwards."""
    Calendar.objects.get_or_create(pk=COUNTY)
    Calendar.objects.select_for_update().get(pk=COUNTY)
    stand = county_days(words.keys())
    written = 0
    for date, word in sorted(words.items()):
        if stand.get(date, CountyWord(None)) == word:
            continue
        content = {"working": word.working, "name": word.name}
        written += put(CountyDay, [COUNTY], Period(begin_of(date), end_of(date)), content, actor=actor, reason=reason)
    if written:
        # What stations know of who is due follows from it.
        shelf_changed_under("", at=timezone.now())
    return written


def county_days(dates: Collection[dt.date] | None = None) -> dict[dt.date, CountyWord]:
    """Return what the county says now of the dates, or of all dates, in their order."""
    rows = CountyDay.objects.known().filter(subject=COUNTY).exclude(working=None).order_by("valid_from")
    if dates is not None:
        rows = rows.filter(valid_from__in=[begin_of(date) for date in dates])
    return {row.date: CountyWord(row.working, row.name) for row in rows}
