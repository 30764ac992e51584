"""Local days as periods, because posts, windows and regions hold for whole days; and days and moments as forms write
them (ISO 8601), and times of day as people do."""

import datetime as dt
import re
import unicodedata

from django.utils import timezone

_CLOCK = re.compile(r"(\d{1,2})(?::|点)?(\d{2})分?", re.ASCII)


def begin_of(day: dt.date) -> dt.datetime:
    """Return the first moment of a local day."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def end_of(day: dt.date) -> dt.datetime:
    """Return the first moment after a local day."""
    return begin_of(day + dt.timedelta(days=1))


def day_written(text: str) -> dt.date | None:
    """Return a written day, such as ``2026-03-01``; None: it is none from 2000 to 2099."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if _is_ours(day) else None


def moment_written(text: str) -> dt.datetime | None:
    """Return a written moment, such as ``2026-03-01T08:30``, local if it names no offset; None as for a day."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _is_ours(moment):
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def clock_written(text: str) -> dt.time | None:
    """Return a time of day as people type it: ``08:25``, also with a full-width colon, ``0825``, ``8点25分``; None: it
    is none."""
    match = _CLOCK.fullmatch("".join(unicodedata.normalize("NFKC", text[:32]).split()))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return dt.time(int(match[1]), int(match[2]))


def _is_ours(day: dt.date) -> bool:
    return 2000 <= day.year < 2100
