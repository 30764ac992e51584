"""Villages in which nobody touched although the station is up, and villages whose station told nothing."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from server_broker.attendance.tables import TOUCHES
from server_broker.exceptions.found import Found, Look
from server_broker.exceptions.touched import PLACES
from server_broker.platform.sql import LOCAL_ZONE, query
from server_broker.settling.models import SettledWindow

_WAITS_FOR = dt.timedelta(days=2)
_NOT_DUE = ("休", "假", "出", "会", "")
"""Results of windows for which nobody had to touch, or that are not over."""


def _touched(at: str, also: str = "true") -> str:
    """Return that somebody touched on the date where a station of the village stood then, by one time of touches."""
    return f"""EXISTS (
           SELECT FROM {PLACES} p JOIN {TOUCHES} t ON t.station_id = p.subject_id
           WHERE p.superseded_at IS NULL AND p.village_id = s.village_id
             AND (p.valid_from IS NULL OR p.valid_from <= {at}) AND (p.valid_to IS NULL OR {at} < p.valid_to)
             AND {at} >= (s.day::timestamp AT TIME ZONE {LOCAL_ZONE})
             AND {at} < ((s.day + 1)::timestamp AT TIME ZONE {LOCAL_ZONE}) AND {also}
       )"""


# Each time is asked for by itself, because each has an index.
_DAYS = f"""
SELECT s.village_id, s.day, array_agg(DISTINCT s.result), count(*),
       {_touched("t.wall", "t.corrected_wall IS NULL")} OR {_touched("t.corrected_wall")}
FROM {SettledWindow._meta.db_table} s
WHERE s.superseded_at IS NULL AND s.day >= %(first)s AND s.day <= %(last)s AND NOT s.result = ANY(%(not_due)s)
GROUP BY s.village_id, s.day
ORDER BY s.village_id, s.day
"""  # noqa: S608 - our own constants


class _Day(NamedTuple):
    """A date on which somebody of a village had to touch."""

    day: dt.date
    results: frozenset[str]
    windows: int
    touched: bool


def quiet_village(look: Look, threshold: int) -> list[Found]:
    """Return runs of ``threshold`` duty dates or more on which a station was up and nobody touched it."""
    return _runs(look, threshold, lambda one: one.results == {"旷"} and not one.touched)


def dark_station(look: Look, threshold: int) -> list[Found]:
    """Return runs of ``threshold`` duty dates or more of which a village's station told nothing."""

    def is_dark(one: _Day) -> bool:
        # What is awaited may come yet: a line that was cut off for an evening is no exception.
        waits = "未" in one.results and one.day > look.last + dt.timedelta(days=1) - _WAITS_FOR
        return one.results <= {"停", "未"} and not one.touched and not waits

    return _runs(look, threshold, is_dark)


def _runs(look: Look, threshold: int, holds: Callable[[_Day], bool]) -> list[Found]:
    # A run is one of a month, so that it has the same first date however often it is looked for.
    first = look.first.replace(day=1)
    rows = query(_DAYS, {"first": first, "last": look.last, "not_due": list(_NOT_DUE)})
    of_village: dict[int, list[_Day]] = defaultdict(list)
    for village, day, results, windows, touched in rows:
        of_village[village].append(_Day(day, frozenset(results), windows, touched))
    return [
        Found(
            f"{village}:{run[0].day}",
            village,
            run[-1].day,
            detail={
                "days": len(run),
                "from": str(run[0].day),
                "to": str(run[-1].day),
                "windows": sum(one.windows for one in run),
            },
        )
        for village, days in sorted(of_village.items())
        for run in _stretches(days, holds)
        if len(run) >= threshold and run[-1].day >= look.first
    ]


def _stretches(days: Sequence[_Day], holds: Callable[[_Day], bool]) -> Iterator[list[_Day]]:
    """Yield what follows one another among the duty dates of a village's month."""
    for _, together in groupby(days, key=lambda one: (one.day.year, one.day.month, holds(one))):
        run = list(together)
        if holds(run[0]):
            yield run
