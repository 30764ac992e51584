"""Touches during somebody's window at a station that does not count for it (docs/rules.md, 2.6)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from server_broker.attendance.models import WindowRecord
from server_broker.dated.days import begin_of
from server_broker.exceptions.found import Found, Look, Touched, key_of
from server_broker.exceptions.touched import HOMES, PLACED, REGIONS, TOUCHED
from server_broker.platform.sql import LOCAL_ZONE, query
from server_broker.regions.models import TOWNSHIP_DIGITS, Region
from server_broker.settlement.parameters import Values
from server_broker.settling.models import SettledWindow, StandIn
from server_broker.settling.region_terms import Rows, chains_of, rows_of
from server_broker.settling.terms import decides

_ODD = ("缺", "旷", "迟", "早")
_WIDEST = 720
"""Minutes around a window in which any parameters let a touch count."""

_ELSEWHERE = f"""
WITH {TOUCHED}, {PLACED}, {HOMES}, windows AS (
    SELECT s.person_id AS person, s.day, s.start, max(w."end") AS ends, s.village_id AS roster,
           s.late + s.early AS minutes, s.result, s.facts
    FROM {SettledWindow._meta.db_table} s
    JOIN {WindowRecord._meta.db_table} w ON w.village_id = s.village_id AND w.start = s.start AND NOT w.ended
         AND w.superseded_at IS NULL
         AND tstzrange(w.valid_from, w.valid_to) @> (s.day::timestamp AT TIME ZONE {LOCAL_ZONE})
    WHERE s.superseded_at IS NULL AND s.day >= %(first)s AND s.day <= %(last)s AND s.result = ANY(%(odd)s)
    GROUP BY s.id
)
SELECT w.person, homes.home, w.day, w.start, w.ends, w.roster, w.minutes, w.result,
       x.station_id, x.epoch, x.seq, x.village, x.village_code, v.code,
       extract(epoch FROM x.local - w.day)::int / 60
FROM windows w JOIN placed x ON x.person = w.person AND x.village <> w.roster
     AND x.local >= w.day + make_interval(mins => w.start - {_WIDEST})
     AND x.local < w.day + make_interval(mins => w.ends + {_WIDEST})
JOIN homes ON homes.person = w.person
JOIN {REGIONS} v ON v.identity = w.roster
WHERE NOT w.facts @> jsonb_build_array(jsonb_build_array(x.station_id, x.epoch, x.seq))
  -- What another window of theirs rests on is no touch that was left over.
  AND NOT EXISTS (SELECT FROM {SettledWindow._meta.db_table} o WHERE o.superseded_at IS NULL AND o.person_id = w.person
                  AND o.day BETWEEN w.day - 1 AND w.day + 1
                  AND o.facts @> jsonb_build_array(jsonb_build_array(x.station_id, x.epoch, x.seq)))
ORDER BY w.person, w.day, w.start, x.at
"""  # noqa: S608 - our own constants


class _Near(NamedTuple):
    """A touch near a window, at another village's station."""

    person: int
    home: int
    day: dt.date
    start: int
    ends: int
    roster: int
    minutes: int
    result: str
    station: str
    epoch: str
    seq: int
    village: int
    village_code: str
    roster_code: str
    minute: int


def off_place(look: Look, threshold: int) -> list[Found]:
    """Return the windows with a bad result beside which a touch was made where none counts.

    Args:
        threshold: Minutes of lateness and leaving early together up to which nobody needs to look.
    """
    dates = {"since": look.since, "until": look.until, "first": look.first, "last": look.last, "odd": list(_ODD)}
    near = [_Near(*row) for row in query(_ELSEWHERE, dates)]
    near = [one for one in near if one.result in {"缺", "旷"} or one.minutes > threshold]
    counts = _Counts({one.roster for one in near}, look)
    of_window: dict[tuple[int, dt.date, int], list[_Near]] = defaultdict(list)
    for one in near:
        if not counts.here(one) and counts.within(one):
            of_window[one.person, one.day, one.start].append(one)
    return [_found(some) for _, some in sorted(of_window.items())]


def _found(some: Sequence[_Near]) -> Found:
    touches: list[Touched] = [[one.station, one.epoch, one.seq] for one in some]
    first = some[0]
    detail: dict[str, str | int] = {"start": first.start, "result": first.result, "roster": first.roster_code}
    return Found(key_of(touches[0]), first.home, first.day, first.person, detail, tuple(touches))


class _Counts:
    """Where touches count for the windows of some villages, and how long before and after."""

    def __init__(self, villages: set[int], look: Look) -> None:
        self._chains: Mapping[int, list[str]] = chains_of(list(Region.objects.filter(identity__in=villages)))
        self._rows: Rows = rows_of(sorted({place for chain in self._chains.values() for place in chain}))
        named = StandIn.objects.known().filter(subject__in=villages, station__isnull=False)
        self._stand_ins = list(named.during(look.since, look.until))

    def here(self, one: _Near) -> bool:
        """Tell whether the touch's station counts for the window."""
        at = begin_of(one.day)
        if any(
            row.station_id == one.station
            and row.subject_id == one.roster
            and (row.valid_from is None or row.valid_from <= at)
            and (row.valid_to is None or at < row.valid_to)
            for row in self._stand_ins
        ):
            return True
        place = self._value(one, "place")
        same_township = one.village_code[:TOWNSHIP_DIGITS] == one.roster_code[:TOWNSHIP_DIGITS]
        return place == "county" or (place == "township" and same_township)

    def within(self, one: _Near) -> bool:
        """Tell whether the touch lies in the spans of the window."""
        before, after = self._value(one, "open_before"), self._value(one, "open_after")
        assert isinstance(before, int)
        assert isinstance(after, int)
        return one.start - before <= one.minute < one.ends + after

    def _value(self, one: _Near, name: str) -> object:
        row = decides(self._chains[one.roster], self._rows, name, begin_of(one.day))
        return getattr(Values(), name) if row is None else row.value
