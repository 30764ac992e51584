"""Local days as periods, because posts, windows and regions hold for whole days."""

import datetime as dt

from django.utils import timezone


def begin_of(day: dt.date) -> dt.datetime:
    """Return the first moment of a local day."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def end_of(day: dt.date) -> dt.datetime:
    """Return the first moment after a local day."""
    return begin_of(day + dt.timedelta(days=1))
