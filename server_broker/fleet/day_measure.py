"""Set apart what a station says beyond a day's measure, so that it does not bury what others say.

A day is one of the local calendar, by when the county received it, because a station chooses its own times. Nothing is
lost or changed: each room keeps a row for what it set apart, lists that apart, and has a person put it back. What once
had such a row is not counted and not set apart again, so that it stays where the person put it.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

# Yesterday's too, because a day may end between two rounds.
_BEYOND = """
WITH said AS (
    SELECT *, (received_at AT TIME ZONE %(zone)s)::date AS day FROM ({said}) AS one WHERE received_at >= %(since)s
), of_one AS (
    SELECT *, row_number() OVER (PARTITION BY station_id, day, whose ORDER BY id) AS nth_of_one FROM said
), numbered AS (
    -- What is too much of one person takes nothing of the station's measure.
    SELECT *, row_number() OVER (PARTITION BY station_id, day, nth_of_one <= %(of_one)s ORDER BY id) AS nth FROM of_one
), beyond AS (
    SELECT id, station_id FROM numbered WHERE nth_of_one > %(of_one)s OR nth > %(a_day)s
), added AS (
    {keep} RETURNING {key} AS id
)
-- Not a join: of a table that has just grown PostgreSQL expects a few rows, and would compare each with each.
SELECT max(station_id) FROM (
    SELECT id, station_id, false AS is_added FROM beyond UNION ALL SELECT id, '', true FROM added
) AS either GROUP BY id HAVING bool_or(is_added)
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a table a station may say in a day, and how what is beyond it is kept. SQL of our own constants."""

    said: str
    """Selects ``id``, ``station_id``, ``received_at`` and ``whose`` (text) of what has no row of ``keep`` yet."""
    keep: str
    """Inserts ``key`` for the ids of ``beyond`` (``id``, ``station_id``); ``%(at)s`` is now."""
    key: str
    a_day: int
    of_one: int
    """So much of the same ``whose``."""


def set_beyond_apart(measure: Measure, now: datetime) -> Counter[str]:
    """Set apart what is beyond the measure of today and yesterday; return how much was added of each station."""
    zone = timezone.get_current_timezone()
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    parameters: dict[str, Any] = {
        "zone": zone.key if isinstance(zone, ZoneInfo) else "UTC",
        "since": today - timedelta(days=1),
        "at": now,
        "a_day": measure.a_day,
        "of_one": measure.of_one,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND.format(said=measure.said, keep=measure.keep, key=measure.key), parameters)
        return Counter(station for (station,) in cursor.fetchall())
