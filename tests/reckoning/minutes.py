"""Times as the rules take them: local, and cut to whole minutes unless *uncut* is said (introduction)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

ALWAYS = datetime.min  # noqa: DTZ901 (every time of a case is local)
NEVER = datetime.max  # noqa: DTZ901
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def cut(moment: datetime) -> datetime:
    """Return the minute in which ``moment`` lies: 08:40:59 counts as 08:40 (introduction)."""
    return moment.replace(second=0, microsecond=0)


def minutes(first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield each minute from ``first`` to ``end``, without ``end`` (introduction)."""
    minute = first
    while minute < end:
        yield minute
        minute += MINUTE


def count(first: datetime, end: datetime) -> int:
    """Return how many minutes lie between two times."""
    return int((end - first) / MINUTE)


def half_way(first: datetime, end: datetime) -> datetime:
    """Return the middle of a stretch, cut to the whole minute (§2.3)."""
    return cut(first + (end - first) / 2)


def midnight(day: date) -> datetime:
    """Return the time at which a date begins."""
    return datetime.combine(day, time())


def at(day: date, clock: time) -> datetime:
    """Return a time of day on a date."""
    return datetime.combine(day, clock)


def window_on(day: date, start: time, end: time) -> tuple[datetime, datetime]:
    """Return a window's start and end on a date; an end not after its start is on the next date (§1.1)."""
    return at(day, start), at(day, end) if end > start else at(day, end) + DAY


def month_of(day: date) -> str:
    """Return a date's month, as ``2026-03``."""
    return f"{day.year:04d}-{day.month:02d}"


def first_of_month(month: str) -> date:
    """Return the first date of a month that is written as ``2026-03``."""
    return date(int(month[:4]), int(month[5:]), 1)


def first_of_next_month(day: date) -> date:
    """Return the first date of the month after a date's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def first_of_previous_month(day: date) -> date:
    """Return the first date of the month before a date's."""
    return (day.replace(day=1) - DAY).replace(day=1)


def dates(first: date, last: date) -> list[date]:
    """Return the dates from ``first`` to ``last``, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def dates_of_month(month: str) -> list[date]:
    """Return the dates of a month that is written as ``2026-03``."""
    first = first_of_month(month)
    return dates(first, first_of_next_month(first) - DAY)
