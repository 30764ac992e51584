"""Keep the table of each version of a library from when it came into use, because pay may hang on what it said.

An upgrade replaces the library and its table with it. So the county reads a version's table once, when it first starts
with it, and answers from the database alone: by the table that was in use then (ADR 43).
"""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version

from django.db import transaction

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.workdays.days import LIBRARIES, Source
from server_broker.workdays.models import Calendar, LibraryTable

_ACTION = "calendar.library_taken"
_COMPUTED_FROM, _COMPUTED_TO = dt.date(2004, 1, 1), dt.date(2050, 12, 31)
"""The dates for which `holidays` is asked. Later ones need a new version long before."""

type Days = dict[str, tuple[bool, str]]


def note_libraries(*, actor: str = "service") -> list[str]:
    """Take the tables of the installed libraries into use, and return which of them are news, as ``NAME VERSION``.

    Raises:
        ServiceError: The county can't sign decisions now. What was in use stays in use.
    """
    with transaction.atomic():
        return [f"{name} {version(name)}" for name in LIBRARIES.values() if _note(name, version(name), actor)]


def _note(name: str, installed: str, actor: str) -> bool:
    Calendar.objects.get_or_create(pk=name)
    Calendar.objects.select_for_update().get(pk=name)
    if LibraryTable.objects.known().filter(subject=name, version=installed).exists():
        return False
    first, last, days = _READERS[name]()
    content = {"version": installed, "first": first.isoformat(), "last": last.isoformat(), "days": days}
    put(LibraryTable, [name], Period(), content, actor=actor)
    subject = f"{name} {installed}"
    entry = record(actor, _ACTION, subject)
    decide(entry, Decided(action=_ACTION, subject=subject))
    shelf_changed_under("", at=entry.at)
    return True


@cache
def _announced() -> tuple[dt.date, dt.date, Days]:
    """Return the first and the last date of the announced years, and what was announced."""
    # Imported here, because it is needed once after an upgrade.
    from chinese_calendar import Holiday, holidays, workdays  # noqa: PLC0415

    words: dict[str, str] = {holiday.value: vars(holiday)["chinese"] for holiday in Holiday}
    days = {date.isoformat(): (False, words[name]) for date, name in sorted(holidays.items())}
    days |= {date.isoformat(): (True, f"{words[name]}调休") for date, name in sorted(workdays.items())}
    # The library answers for whole years.
    return dt.date(min(holidays).year, 1, 1), dt.date(max(holidays).year, 12, 31), days


@cache
def _computed() -> tuple[dt.date, dt.date, Days]:
    """Return the dates that are asked of `holidays`, and those of them that have a name or are swapped."""
    # Imported here, because it takes 20 MB and is needed once after an upgrade.
    from holidays import country_holidays  # noqa: PLC0415

    years = range(_COMPUTED_FROM.year, _COMPUTED_TO.year + 1)
    china = country_holidays("CN", years=years, language="zh_CN")
    days: Days = {}
    for date in _dates(_COMPUTED_FROM, _COMPUTED_TO):
        working = china.is_working_day(date)
        if date in china or working != (date.isoweekday() < 6):
            days[date.isoformat()] = working, "、".join(china.get_list(date)) or "调休"
    return _COMPUTED_FROM, _COMPUTED_TO, days


def _dates(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=n) for n in range((last - first).days + 1))


_READERS: dict[str, Callable[[], tuple[dt.date, dt.date, Days]]] = {
    LIBRARIES[Source.ANNOUNCED]: _announced,
    LIBRARIES[Source.COMPUTED]: _computed,
}
