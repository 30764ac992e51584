"""Alarms: one open row for each station and code, however often it is raised."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from protocol.facts import Severity
from server_broker.fleet.models import Alarm

_DETAIL_CHARS = 400
_CODE_CHARS = 64

_UPSERT = """
INSERT INTO fleet_alarm (station_id, code, severity, detail, opened_at, last_at, count)
SELECT station, code, severity, detail, %(at)s, %(at)s, count
FROM unnest(%(stations)s::text[], %(codes)s::text[], %(severities)s::text[], %(details)s::text[], %(counts)s::int[])
     AS called (station, code, severity, detail, count)
ON CONFLICT (station_id, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = excluded.last_at, detail = excluded.detail, severity = excluded.severity,
              count = least(fleet_alarm.count::bigint + excluded.count, 2147483647)
"""


@dataclass(frozen=True, slots=True)
class AlarmCall:
    """A wish that a person look. ``detail`` is Chinese, for a screen; no card numbers and no names."""

    station: str | None
    code: str
    severity: Severity
    detail: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class AlarmOver:
    """What an alarm said is over."""

    station: str
    code: str


_RESOLVE = """
UPDATE fleet_alarm a SET resolved_at = %s FROM unnest(%s::text[], %s::text[]) AS over (station, code)
WHERE a.station_id = over.station AND a.code = over.code AND a.resolved_at IS NULL
"""


def raise_alarm(*, station: str | None, code: str, severity: Severity, detail: str, at: datetime) -> None:
    """Open an alarm, or count up the open one of the same station and code."""
    raise_alarms([AlarmCall(station, code, severity, detail)], at=at)


def raise_alarms(calls: Iterable[AlarmCall], *, at: datetime) -> None:
    """Raise several alarms with one statement; calls of the same station and code, as it is kept, count as one row."""
    merged: dict[tuple[str | None, str], AlarmCall] = {}
    for call in calls:
        key = (call.station, _kept_code(call.code))
        before = merged.get(key)
        merged[key] = call if before is None else replace(call, count=call.count + before.count)
    if not merged:
        return
    called = list(merged.values())
    parameters: dict[str, Any] = {
        "at": at,
        "stations": [call.station for call in called],
        "codes": [_kept_code(call.code) for call in called],
        "severities": [call.severity for call in called],
        "details": [_shown(call.detail, _DETAIL_CHARS) for call in called],
        "counts": [call.count for call in called],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, parameters)


def take_alarms(said: Sequence[AlarmCall | AlarmOver], *, at: datetime) -> None:
    """Raise and close alarms as stations said, in this order.

    What was raised and over several times within ``said`` is one closed row.
    """
    last_over = {
        (one.station, _kept_code(one.code)): place for place, one in enumerate(said) if isinstance(one, AlarmOver)
    }
    before: list[AlarmCall] = []
    after: list[AlarmCall] = []
    for place, one in enumerate(said):
        if isinstance(one, AlarmCall):
            is_over = place < last_over.get((one.station or "", _kept_code(one.code)), -1)
            (before if is_over else after).append(one)
    raise_alarms(before, at=at)
    if last_over:
        stations, codes = zip(*last_over, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_RESOLVE, [at, list(stations), list(codes)])
    raise_alarms(after, at=at)


def acknowledge(alarm: Alarm, *, at: datetime) -> None:
    """Note that a person has seen the alarm; repeats still count up."""
    Alarm.objects.filter(pk=alarm.pk, acknowledged_at__isnull=True).update(acknowledged_at=at)


def resolve(*, station: str | None, code: str, at: datetime) -> bool:
    """Close the open alarm and return whether there was one; the next call opens a new row."""
    rows = Alarm.objects.filter(station_id=station, code=code, resolved_at__isnull=True)
    return rows.update(resolved_at=at) > 0


def _kept_code(code: str) -> str:
    """Return a code as the table holds it: two that are kept alike are one alarm."""
    return _shown(code, _CODE_CHARS)


def _shown(text: str, limit: int) -> str:
    return text.replace("\x00", "�")[:limit]
