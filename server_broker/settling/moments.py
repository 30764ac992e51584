"""Aware times of the database and milliseconds of stations as the moments and minutes of `settlement.times`."""

import datetime as dt

from server_broker.dated.days import begin_of as begin_of_day
from server_broker.settlement.times import NEVER, Minute, Moment, cut

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_AHEAD_MS = 8 * 3_600_000
"""Local time is so far ahead of UTC."""
_MINUTES_BEFORE_1970 = dt.date(1970, 1, 1).toordinal() * 1440


def moment(at: dt.datetime) -> Moment:
    """Return the moment of an aware time."""
    return (at - _EPOCH) // _MICROSECOND + _AHEAD_MS * 1000


def moment_of_ms(wall: int) -> Moment:
    """Return the moment of a station's wall clock."""
    return (wall + _AHEAD_MS) * 1000


def moment_of_us(wall: int) -> Moment:
    """Return the moment of microseconds since 1970 (UTC)."""
    return wall + _AHEAD_MS * 1000


def moment_or_never(at: dt.datetime | None) -> Moment:
    """Return the moment of a time, or that after all time."""
    return NEVER if at is None else moment(at)


def aware(at: Moment) -> dt.datetime:
    """Return the aware time of a moment."""
    return _EPOCH + (at - _AHEAD_MS * 1000) * _MICROSECOND


def minute(at: dt.datetime) -> Minute:
    """Return the whole minute of an aware time."""
    return cut(moment(at))


def minute_of_duty(counted: int) -> Minute:
    """Return the minute that `server_broker.duty.values.minute_at` counts from the calendar's first midnight."""
    return counted - _MINUTES_BEFORE_1970


def noon(day: dt.date) -> dt.datetime:
    """Return the noon of a local date: what holds for whole dates holds then."""
    return begin_of_day(day) + dt.timedelta(hours=12)
