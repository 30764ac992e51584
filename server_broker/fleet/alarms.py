"""Alarms: one open row for each station, origin and code, however often it is raised.

How each ends stands in `server_broker.fleet.alarm_ends`.

An alarm has an origin: the county, or the station that reports it about itself. A station's reports open and close only
alarms of origin ``station``, so that no station can close an alarm of the county by using its code. The number of rows
that a station may open is bounded, because the station chooses the codes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from protocol.facts import Severity
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.fleet.alarm_codes import HELP_ASKED, TOO_MANY_ALARMS
from server_broker.fleet.alarm_ends import (
    COUNTY_ENDS,
    OF_FORMER_BOARD,
    OUTLIVES_REVOCATION,
    SEEN_STAYS,
    STATION_ENDS,
    Calm,
    Seen,
    end_of,
)
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import Alarm
from server_broker.platform.database_text import shown_line
from server_broker.platform.tables import LAST_INTEGER

type Origin = Literal["county", "station"]

MAX_STATION_ALARMS = 64
"""Most alarms of its own that a station may have: those that are open, and those that it opened in the last hour."""

_HOUR = timedelta(hours=1)
_DETAIL_CHARS = 400
_CODE_CHARS = 64

# The county may count more calls than an integer column holds, because a station chooses how often it repeats an alarm;
# so the count stops at the last that it holds.
_UPSERT = f"""
INSERT INTO fleet_alarm (station_id, origin, code, severity, detail, opened_at, last_at, count, resolved_because)
SELECT station, origin, code, severity, detail, %(at)s, %(at)s, count, ''
FROM unnest(%(stations)s::text[], %(origins)s::text[], %(codes)s::text[], %(severities)s::text[], %(details)s::text[],
            %(counts)s::int[]) AS called (station, origin, code, severity, detail, count)
ON CONFLICT (station_id, origin, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = excluded.last_at, detail = excluded.detail, severity = excluded.severity,
              count = least(fleet_alarm.count::bigint + excluded.count, {LAST_INTEGER})
"""  # noqa: S608 - our own constant

# What happened again after somebody had seen it is a new alarm. A `last_at` that is still to come was written by a
# clock that was put back since. Two SELECTs, because `IS NOT DISTINCT FROM` uses no index.
_END_SEEN = """
WITH again AS (
    SELECT * FROM unnest(%(stations)s::text[], %(origins)s::text[], %(codes)s::text[], %(pauses)s::interval[])
    AS called (station, origin, code, pause)
), seen AS (
    SELECT a.id, a.last_at, pause FROM again JOIN fleet_alarm a
    ON a.station_id = station AND a.origin = again.origin AND a.code = again.code
    WHERE a.resolved_at IS NULL AND a.acknowledged_at IS NOT NULL
    UNION ALL
    SELECT a.id, a.last_at, pause FROM again JOIN fleet_alarm a
    ON station IS NULL AND a.station_id IS NULL AND a.origin = again.origin AND a.code = again.code
    WHERE a.resolved_at IS NULL AND a.acknowledged_at IS NOT NULL
)
UPDATE fleet_alarm SET resolved_at = %(at)s WHERE resolved_at IS NULL AND id IN (
    SELECT id FROM seen WHERE pause = interval '0' OR last_at NOT BETWEEN %(at)s - pause AND %(at)s)
"""

_CLOSE_CALM = """
UPDATE fleet_alarm a SET resolved_at = %(at)s
FROM unnest(%(origins)s::text[], %(heads)s::text[], %(lasts)s::interval[], %(seen)s::bool[])
    AS ends (origin, head, lasts, seen)
WHERE a.resolved_at IS NULL AND a.origin = ends.origin AND split_part(a.code, ':', 1) = ends.head
  AND a.last_at < %(at)s - ends.lasts AND (NOT ends.seen OR a.acknowledged_at < %(at)s - ends.lasts)
"""

_RESOLVE = """
UPDATE fleet_alarm a SET resolved_at = %s FROM unnest(%s::text[], %s::text[]) AS over (station, code)
WHERE a.station_id = over.station AND a.code = over.code AND a.origin = 'station' AND a.resolved_at IS NULL
"""

# Alarms that are over count too for an hour, or a station could fill the table by opening and closing ever new codes.
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

# An alarm that opened after the revocation stays open, because it tells of something that happened since.
_CLOSE_REVOKED = """
UPDATE fleet_alarm a SET resolved_at = %(at)s, resolved_because = 'revoked' FROM fleet_station s
WHERE s.id = a.station_id AND s.revoked_at IS NOT NULL AND a.resolved_at IS NULL AND a.opened_at <= s.revoked_at
  AND NOT (a.origin = 'county' AND split_part(a.code, ':', 1) = ANY(%(stay)s))
"""

# What was called after the new machine came stays open.
_CLOSE_REPLACED = """
UPDATE fleet_alarm a SET resolved_at = %(at)s, resolved_because = 'replaced'
FROM fleet_station s, unnest(%(origins)s::text[], %(codes)s::text[]) AS former (origin, code)
WHERE s.id = a.station_id AND a.resolved_at IS NULL AND a.origin = former.origin
  AND split_part(a.code, ':', 1) = former.code AND a.last_at <= s.enrolled_at
"""


@dataclass(frozen=True, slots=True)
class AlarmCall:
    """Asks for an alarm. ``detail`` is Chinese, for a screen; it holds no card numbers, and no names but those of
    whoever answers for published content."""

    station: str | None
    code: str
    severity: Severity
    detail: str = ""
    count: int = 1
    origin: Origin = "county"
    """``station`` if the station reported it about itself."""


@dataclass(frozen=True, slots=True)
class AlarmOver:
    """A station reports that an alarm of its own is over. The county closes its own alarms by `resolve`."""

    station: str
    code: str


class _Key(NamedTuple):
    """What identifies an open alarm: at most one row is open for each key."""

    station: str | None
    origin: Origin
    code: str


def raise_alarm(*, station: str | None, code: str, severity: Severity, detail: str, at: datetime) -> None:
    """Open an alarm of the county, or count up the open one with the same station and code.

    If it is one that waits for a person (`alarm_ends.Seen`) and somebody has acknowledged the open one, this is a new
    alarm.
    """
    raise_alarms([AlarmCall(station, code, severity, detail)], at=at)


def raise_or_resolve(*, station: str | None, code: str, severity: Severity, detail: str, at: datetime) -> None:
    """Have an alarm of the county say ``detail``, or close it if that is empty.

    Whoever looks every few seconds whether something is well calls this: only a text that is new is a call.
    """
    if not detail:
        resolve(station=station, code=code, at=at)
        return
    is_open = Alarm.objects.filter(station_id=station, origin="county", code=code, resolved_at=None)
    if not is_open.filter(detail=_stored(detail)).exists():
        raise_alarm(station=station, code=code, severity=severity, detail=detail, at=at)


def raise_alarms(calls: Iterable[AlarmCall], *, at: datetime) -> None:
    """Raise several alarms, with no more statements for many than for one.

    Calls with the same key become one row, and their counts add up.
    If a station has `MAX_STATION_ALARMS` already, its further calls become one alarm `TOO_MANY_ALARMS` of the county.
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
        "details": [_stored(call.detail) for call in called],
        "counts": [call.count for call in called],
    }
    # Both or neither: what was ended here must not be ended without the new one.
    with transaction.atomic(), connection.cursor() as cursor:
        _end_seen(cursor, list(merged), at)
        cursor.execute(_UPSERT, parameters)


def _end_seen(cursor: CursorWrapper, called: Iterable[_Key], at: datetime) -> None:
    """Close the acknowledged alarms of which these calls are no repeats, but something that happened again."""
    again = [(key, end.pause) for key in called if isinstance(end := end_of(key.code, origin=key.origin), Seen)]
    if again:
        columns: dict[str, Any] = {
            "stations": [key.station for key, _ in again],
            "origins": [key.origin for key, _ in again],
            "codes": [key.code for key, _ in again],
            "pauses": [pause for _, pause in again],
        }
        cursor.execute(_END_SEEN, columns | {"at": at})


def _merged(calls: Iterable[AlarmCall]) -> dict[_Key, AlarmCall]:
    merged: dict[_Key, AlarmCall] = {}
    for call in calls:
        key = _key_of(call)
        before = merged.get(key)
        merged[key] = call if before is None else replace(call, count=call.count + before.count)
    return merged


def _within_bounds(calls: dict[_Key, AlarmCall], at: datetime) -> list[AlarmCall]:
    """Return the calls to store. A station's call with a new code counts only while it has room for another alarm."""
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
        # A repeat of an open alarm needs no new row, so it is always taken.
        if key.origin == "station" and (key.station, key.code) not in is_open:
            if rows[key.station] >= MAX_STATION_ALARMS:
                taken.append(AlarmCall(key.station, TOO_MANY_ALARMS, "major", "站点报的告警种类过多，其余没有列出"))
                continue
            rows[key.station] += 1
        taken.append(call)
    return taken


def take_alarms(said: Sequence[AlarmCall | AlarmOver], *, at: datetime) -> None:
    """Raise and close alarms as stations reported, in the order of ``said``.

    If ``said`` raises and ends the same alarm several times, one closed row is left of it.
    """
    # For each alarm only the last "over" matters: calls before it are raised and then closed, calls after it stay open.
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


def acknowledge(alarm: Alarm, *, by: User, at: datetime) -> bool:
    """Note, with its line in the audit log, that a person has seen the alarm. Only the first acknowledgement counts.

    Returns:
        Whether this was the first. Otherwise nothing was stored.
    """
    with transaction.atomic():
        if not mark_acknowledged(alarm, by=by, at=at):
            return False
        record(
            by.get_username(),
            "alarm.acknowledged",
            alarm.station_id or "",
            {"code": alarm.code, "origin": alarm.origin},
        )
    return True


def mark_acknowledged(alarm: Alarm, *, by: User, at: datetime) -> bool:
    """As `acknowledge`, without a line in the audit log: the caller writes its own in the same transaction.

    Repeats of an alarm that lasts still count up. A call for help is over once it is seen, so that the next call is a
    new alarm; and its station is told who saw it.
    """
    end = end_of(alarm.code, origin=alarm.origin)
    seen: dict[str, Any] = {"acknowledged_at": at, "acknowledged_by": by}
    if isinstance(end, Seen) and end.ends_at_once:
        seen["resolved_at"] = at
    with transaction.atomic():
        if not Alarm.objects.filter(pk=alarm.pk, acknowledged_at__isnull=True).update(**seen):
            return False
        if (alarm.origin, alarm.code) == ("county", HELP_ASKED) and alarm.station_id:
            desired_changed([alarm.station_id])
    return True


def resolve(*, station: str | None, code: str, at: datetime) -> bool:
    """Close the county's open alarm and return whether there was one; the next call opens a new row."""
    rows = Alarm.objects.filter(station_id=station, origin="county", code=code, resolved_at__isnull=True)
    return rows.update(resolved_at=at) > 0


def close_over(at: datetime) -> int:
    """Close the alarms whose end no message reports, and return how many there were."""
    return close_overflows(at=at) + close_calm(at=at) + close_revoked(at=at) + close_replaced(at=at)


def close_calm(*, at: datetime) -> int:
    """Close the alarms that were not raised again for as long as `alarm_ends` says; return how many there were.

    Those that wait for a person are closed only once somebody has acknowledged them.
    """
    ends = [
        (origin, head, end.lasts if isinstance(end, Calm) else SEEN_STAYS, isinstance(end, Seen))
        for origin, table in (("county", COUNTY_ENDS), ("station", STATION_ENDS))
        for head, end in table.items()
        if isinstance(end, Calm | Seen)
    ]
    origins, heads, lasts, seen = (list(column) for column in zip(*ends, strict=True))
    return _count(_CLOSE_CALM, at=at, origins=origins, heads=heads, lasts=lasts, seen=seen)


def close_overflows(*, at: datetime) -> int:
    """Close the alarm `TOO_MANY_ALARMS` of each station that has room again; return how many were closed."""
    return _count(_CLOSE_OVERFLOWS, at=at, too_many=TOO_MANY_ALARMS, most=MAX_STATION_ALARMS, since=at - _HOUR)


def close_revoked(*, at: datetime) -> int:
    """Close the alarms that were open about a station when it was revoked, and return how many there were.

    Alarms about its facts (``held``, ``unexplained_facts``, ``facts_set_aside``) stay open until the facts were dealt
    with, because people's pay depends on them even after the station is revoked.
    """
    return _count(_CLOSE_REVOKED, at=at, stay=list(OUTLIVES_REVOCATION))


def close_replaced(*, at: datetime) -> int:
    """Close the alarms about the card of a machine that a new one has replaced, and return how many there were."""
    origins, codes = (list(column) for column in zip(*OF_FORMER_BOARD, strict=True))
    return _count(_CLOSE_REPLACED, at=at, origins=origins, codes=codes)


def _count(statement: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        changed: int = cursor.rowcount
        return changed


def _stored(detail: str) -> str:
    return shown_line(detail)[:_DETAIL_CHARS]


def _key_of(one: AlarmCall | AlarmOver) -> _Key:
    """Return the key of its row. Codes are cut first, so that two codes that the database stores alike share a row."""
    origin: Origin = one.origin if isinstance(one, AlarmCall) else "station"
    return _Key(one.station, origin, shown_line(one.code)[:_CODE_CHARS])
