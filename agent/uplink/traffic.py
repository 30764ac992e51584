"""The rules of a metered line: what a month has come to, what it will come to, and what gives way.

What is put off when data run short is the county's to order; facts never are. A step is taken at a share of the month's
data, not at a forecast: a forecast wavers, and what people see must not. What is put off stays so until the month is
over or the county allows more.
"""

import threading
from collections.abc import Mapping
from datetime import date, timedelta

from protocol.twin import Settings, Sheddable

MB = 1_000_000
STEPS = (80, 95)
"""At which share of the month's data, in percent, the first and the second of `Settings.data_shed` are put off."""
FORECAST_DAYS = 7

type Days = Mapping[int, int]
"""Bytes by `date.toordinal` of the local day."""


def put_off(month_bytes: int, settings: Settings) -> tuple[Sheddable, ...]:
    """Return what is put off once a month has come to ``month_bytes``."""
    cap = settings.data_mb_month * MB
    if not cap:
        return ()
    steps = zip(STEPS, settings.data_shed, strict=False)
    return tuple(what for percent, what in steps if month_bytes * 100 >= cap * percent)


def month_total(days: Days, today: date) -> int:
    """Return what ``today``'s month has come to."""
    first = today.replace(day=1).toordinal()
    return sum(count for day, count in days.items() if first <= day <= today.toordinal())


def forecast(days: Days, today: date) -> int:
    """Return what the month comes to if its rest is like the last seven whole days, or as many as are known."""
    now = today.toordinal()
    begin = max(now - FORECAST_DAYS, min((day for day in days if day < now), default=now))
    whole = range(begin, now)
    rate = sum(days.get(day, 0) for day in whole) // len(whole) if whole else days.get(now, 0)
    left = (_next_month(today) - today).days - 1
    return month_total(days, today) + max(0, rate - days.get(now, 0)) + rate * left


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def oldest_needed(today: date) -> int:
    """Return the first day that a total or a forecast may still ask for."""
    return min(today.replace(day=1).toordinal(), today.toordinal() - FORECAST_DAYS)


class Meter:
    """Adds up what parts move that come and go. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = 0

    def add(self, count: int) -> None:
        """Count ``count`` bytes."""
        with self._lock:
            self._total += count

    def total(self) -> int:
        """Return all bytes so far."""
        return self._total
