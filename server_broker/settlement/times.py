"""Local time as whole numbers: uncut moments in microseconds, and the minutes by which the rules reckon.

Every time of the rules is local (UTC+8), so no zone is carried. A moment counts from 1970-01-01 00:00 local time.
"""

import datetime as dt
from collections.abc import Iterator

type Moment = int
"""Microseconds, uncut."""
type Minute = int
"""A whole minute: what is left of a moment when its seconds are cut."""

MICROSECONDS_A_MINUTE = 60_000_000
MINUTES_A_DAY = 1440

ALWAYS: Moment = -(1 << 62)
"""Before all time: of a row whose time of entry nobody knows."""
NEVER: Moment = 1 << 62
"""After all time: of what has not come."""
END_OF_TIME: Moment = NEVER - 1
"""The T at which everything is known that ever comes."""
FIRST_MINUTE: Minute = ALWAYS // MICROSECONDS_A_MINUTE
LAST_MINUTE: Minute = NEVER // MICROSECONDS_A_MINUTE

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local time, as everything here
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)


def moment_of(at: dt.datetime) -> Moment:
    """Return the moment of a local time without a zone."""
    return (at - _EPOCH) // _MICROSECOND


def datetime_of(at: Moment) -> dt.datetime:
    """Return a moment as local time without a zone."""
    return _EPOCH + at * _MICROSECOND


def cut(at: Moment) -> Minute:
    """Return the whole minute of a moment."""
    return at // MICROSECONDS_A_MINUTE


def begin_of(minute: Minute) -> Moment:
    """Return the first moment of a minute."""
    return minute * MICROSECONDS_A_MINUTE


def midnight(day: dt.date) -> Minute:
    """Return the first minute of a date."""
    return (day.toordinal() - _EPOCH_DAY) * MINUTES_A_DAY


def day_of(minute: Minute) -> dt.date:
    """Return the date in which a minute lies."""
    return dt.date.fromordinal(minute // MINUTES_A_DAY + _EPOCH_DAY)


def clock(minute: Minute, day: dt.date) -> str:
    """Return a minute as people say it who speak of ``day``: 8:05, or 3月3日 8:05 on another date."""
    hour, rest = divmod(minute % MINUTES_A_DAY, 60)
    other = day_of(minute)
    return f"{hour}:{rest:02}" if other == day else f"{other.month}月{other.day}日 {hour}:{rest:02}"


def iso(minute: Minute) -> str:
    """Return a minute as ISO 8601 text with seconds."""
    return (_EPOCH + dt.timedelta(minutes=minute)).isoformat()


def dates(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the dates from ``first`` to ``last``, both included."""
    for number in range((last - first).days + 1):
        yield first + dt.timedelta(days=number)


def month_of(day: dt.date) -> str:
    """Return the month of a date as ``2026-03``."""
    return f"{day.year:04}-{day.month:02}"


def first_of_month(month: str) -> dt.date:
    """Return the first date of a month."""
    year, number = month.split("-")
    return dt.date(int(year), int(number), 1)


def next_month(first: dt.date) -> dt.date:
    """Return the first date of the month after that of ``first``."""
    return (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def previous_month(day: dt.date) -> dt.date:
    """Return the first date of the month before that of ``day``."""
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
