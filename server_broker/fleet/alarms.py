"""Alarms: one open row for each station, origin and code, however often it is raised.

An alarm has an origin: the county, or the station that says it of itself. What a station says opens and closes its own
rows alone, whatever code it uses; and how many rows it may open is bounded, because it chooses the codes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.db import connection

from protocol.facts import Severity
from server_broker.fleet.models import Alarm

type Origin = Literal["county", "station"]

MAX_STATION_ALARMS = 64
"""Rows of its own that a station may have: those that are open, and those that it opened within the last hour."""
TOO_MANY = "too_many_alarms"
"""What the county says in place of the rows beyond `MAX_STATION_ALARMS`."""

_HOUR = timedelta(hours=1)
_DETAIL_CHARS = 400
_CODE_CHARS = 64

_UPSERT = """
INSERT INTO fleet_alarm (station_id, origin, code, severity, detail, opened_at, last_at, count, resolved_because)
SELECT station, origin, code, severity, detail, %(at)s, %(at)s, count, ''
FROM unnest(%(stations)s::text[], %(origins)s::text[], %(codes)s::text[], %(severities)s::text[], %(details)s::text[],
            %(counts)s::int[]) AS called (station, origin, code, severity, detail, count)
ON CONFLICT (station_id, origin, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = excluded.last_at, detail = excluded.detail, severity = excluded.severity,
              count = least(fleet_alarm.count::bigint + excluded.count, 2147483647)
"""

_RESOLVE = """
UPDATE fleet_alarm a SET resolved_at = %s FROM unnest(%s::text[], %s::text[]) AS over (station, code)
WHERE a.station_id = over.station AND a.code = over.code AND a.origin = 'station' AND a.resolved_at IS NULL
"""

_OWN_ROWS = """
SELECT station_id, code, true FROM fleet_alarm
WHERE station_id = ANY(%(stations)s) AND origin = 'station' AND resolved_at IS NULL
UNION ALL
SELECT station_id, code, false FROM fleet_alarm
WHERE station_id = ANY(%(stations)s) AND origin = 'station' AND resolved_at IS NOT NULL AND opened_at > %(since)s
"""

_CLOSE_OVERFLOWS = """
UPDATE fleet_alarm a SET resolved_at = %(at)s
WHERE a.code = %(too_many)s AND a.origin = 'county' AND a.resolved_at IS NULL AND %(most)s > (
    SELECT count(*) FROM fleet_alarm own WHERE own.station_id = a.station_id AND own.origin = 'station'
    AND (own.resolved_at IS NULL OR own.opened_at > %(since)s))
"""

_CLOSE_REVOKED = """
UPDATE fleet_alarm a SET resolved_at = %(at)s, resolved_because = 'revoked' FROM fleet_station s
WHERE s.id = a.station_id AND s.revoked_at IS NOT NULL AND a.resolved_at IS NULL AND a.opened_at <= s.revoked_at
  AND NOT (a.origin = 'county' AND split_part(a.code, ':', 1) IN ('unexplained_facts', 'held'))
"""


@dataclass(frozen=True, slots=True)
class AlarmCall:
    """A wish that a person look. ``detail`` is Chinese, for a screen; no card numbers and no names."""

    station: str | None
    code: str
    severity: Severity
    detail: str = ""
    count: int = 1
    origin: Origin = "county"
    """``station`` where the code or the word is the station's own."""


@dataclass(frozen=True, slots=True)
class AlarmOver:
    """What a station said of itself is over, as it says. The county closes its own by `resolve`."""

    station: str
    code: str


class _Key(NamedTuple):
    """What one open row stands for."""

    station: str | None
    origin: Origin
    code: str


def raise_alarm(*, station: str | None, code: str, severity: Severity, detail: str, at: datetime) -> None:
    """Open an alarm of the county's, or count up the open one of the same station and code."""
    raise_alarms([AlarmCall(station, code, severity, detail)], at=at)


def raise_alarms(calls: Iterable[AlarmCall], *, at: datetime) -> None:
    """Raise several alarms with one statement; calls of the same row count as one.

    A station's calls beyond `MAX_STATION_ALARMS` become one of `TOO_MANY`.
    """
    merged = _merged(calls)
    if any(key.origin == "station" for key in merged):
        merged = _merged(_within_bounds(merged, at))
    if not merged:
        return
    called = list(merged.values())
    parameters: dict[str, Any] = {
        "at": at,
        "stations": [key.station for key in merged],
        "origins": [key.origin for key in merged],
        "codes": [key.code for key in merged],
        "severities": [call.severity for call in called],
        "details": [_shown(call.detail, _DETAIL_CHARS) for call in called],
        "counts": [call.count for call in called],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, parameters)


def _merged(calls: Iterable[AlarmCall]) -> dict[_Key, AlarmCall]:
    merged: dict[_Key, AlarmCall] = {}
    for call in calls:
        key = _key_of(call)
        before = merged.get(key)
        merged[key] = call if before is None else replace(call, count=call.count + before.count)
    return merged


def _within_bounds(calls: dict[_Key, AlarmCall], at: datetime) -> list[AlarmCall]:
    """Return the calls that are taken: new codes of a station only while it has fewer rows than it may."""
    stations = {key.station for key in calls if key.origin == "station"}
    is_open: set[tuple[str, str]] = set()
    rows: defaultdict[str | None, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(_OWN_ROWS, {"stations": list(stations), "since": at - _HOUR})
        for station, code, open_now in cursor.fetchall():
            rows[station] += 1
            if open_now:
                is_open.add((station, code))
    taken = []
    for key, call in calls.items():
        if key.origin == "station" and (key.station, key.code) not in is_open:
            if rows[key.station] >= MAX_STATION_ALARMS:
                taken.append(AlarmCall(key.station, TOO_MANY, "major", "站点报的告警种类过多，其余没有列出"))
                continue
            rows[key.station] += 1
        taken.append(call)
    return taken


def take_alarms(said: Sequence[AlarmCall | AlarmOver], *, at: datetime) -> None:
    """Raise and close alarms as stations said, in this order.

    What was raised and over several times within ``said`` is one closed row.
    """
    last_over = {_key_of(one): place for place, one in enumerate(said) if isinstance(one, AlarmOver)}
    before: list[AlarmCall] = []
    after: list[AlarmCall] = []
    for place, one in enumerate(said):
        if isinstance(one, AlarmCall):
            is_over = place < last_over.get(_key_of(one), -1)
            (before if is_over else after).append(one)
    raise_alarms(before, at=at)
    if last_over:
        with connection.cursor() as cursor:
            cursor.execute(_RESOLVE, [at, [key.station for key in last_over], [key.code for key in last_over]])
    raise_alarms(after, at=at)


def acknowledge(alarm: Alarm, *, at: datetime) -> None:
    """Note that a person has seen the alarm; repeats still count up."""
    Alarm.objects.filter(pk=alarm.pk, acknowledged_at__isnull=True).update(acknowledged_at=at)


def resolve(*, station: str | None, code: str, at: datetime) -> bool:
    """Close the county's open alarm and return whether there was one; the next call opens a new row."""
    rows = Alarm.objects.filter(station_id=station, origin="county", code=code, resolved_at__isnull=True)
    return rows.update(resolved_at=at) > 0


def close_over(at: datetime) -> int:
    """Close what nobody else closes, because no message tells that it is over; return how many alarms that were."""
    return close_overflows(at=at) + close_revoked(at=at)


def close_overflows(*, at: datetime) -> int:
    """Close `TOO_MANY` of the stations that have fewer rows again; return of how many."""
    return _count(_CLOSE_OVERFLOWS, at=at, too_many=TOO_MANY, most=MAX_STATION_ALARMS, since=at - _HOUR)


def close_revoked(*, at: datetime) -> int:
    """Close what was open about stations when they were revoked, and return how many alarms those were.

    What is about records stands until the records are settled: people's pay hangs on them, whatever becomes of a board.
    """
    return _count(_CLOSE_REVOKED, at=at)


def _count(statement: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        changed: int = cursor.rowcount
        return changed


def _key_of(one: AlarmCall | AlarmOver) -> _Key:
    """Return which row it is about: two codes that are kept alike are one."""
    origin: Origin = one.origin if isinstance(one, AlarmCall) else "station"
    return _Key(one.station, origin, _shown(one.code, _CODE_CHARS))


def _shown(text: str, limit: int) -> str:
    return text.replace("\x00", "�")[:limit]
