"""Look for exceptions once a night, and write down what is found. What is found no more is gone."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import msgspec
from django.db import transaction
from django.utils import timezone

from server_broker.exceptions.arrivals import same_minute
from server_broker.exceptions.cards import card_on_leave, two_places
from server_broker.exceptions.departures import late_departure
from server_broker.exceptions.found import Found, Look
from server_broker.exceptions.kinds import KindNow, kinds_now
from server_broker.exceptions.models import Looked
from server_broker.exceptions.off_place import off_place
from server_broker.exceptions.villages import dark_station, quiet_village
from server_broker.platform.sql import execute, lock_until_commit

FROM_HOUR = 3
"""Local time. Most stations have told of the day before by then, and nobody waits for pages."""
BACK = dt.timedelta(days=10)
"""So many dates are looked at again, because data come late and results change."""
_LOCK = 0x65786365
"""Key of PostgreSQL's advisory lock for whoever looks: "exce" in ASCII."""

FINDERS: Mapping[str, Callable[[Look, int], list[Found]]] = {
    "two_places": two_places,
    "late_departure": late_departure,
    "card_on_leave": card_on_leave,
    "same_minute": same_minute,
    "quiet_village": quiet_village,
    "dark_station": dark_station,
    "off_place": off_place,
}

_PUT = """
WITH new AS (
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::date[], %s::text[], %s::text[])
        AS n (key, village, person, day, detail, evidence)
), put AS (
    INSERT INTO exceptions_notable AS x (kind, key, village_id, person_id, day, detail, evidence, found_at)
    SELECT %s, key, village, person, day, detail::jsonb, evidence::jsonb, %s FROM new
    ON CONFLICT (kind, key) DO UPDATE
    SET village_id = excluded.village_id, day = excluded.day, detail = excluded.detail, evidence = excluded.evidence,
        gone_at = NULL
    WHERE (x.village_id, x.day, x.detail, x.evidence) IS DISTINCT FROM
          (excluded.village_id, excluded.day, excluded.detail, excluded.evidence) OR x.gone_at IS NOT NULL
)
UPDATE exceptions_notable g SET gone_at = %s
WHERE g.kind = %s AND g.day >= %s AND g.day <= %s AND g.gone_at IS NULL
  AND NOT EXISTS (SELECT FROM new n WHERE n.key = g.key)
"""


def look_nightly(now: dt.datetime) -> str | None:
    """Look at the dates up to yesterday, once each night. Returns what was found, or None if it is not due."""
    local = timezone.localtime(now)
    yesterday = local.date() - dt.timedelta(days=1)
    if local.hour < FROM_HOUR or Looked.objects.filter(through__gte=yesterday).exists():
        return None
    found = look_at(Look(yesterday - BACK, yesterday, now))
    Looked.objects.update_or_create(pk=1, defaults={"through": yesterday})
    return f"found {sum(found.values())} exceptions" if any(found.values()) else None


def look_at(look: Look) -> dict[str, int]:
    """Look for every kind that the county has on, and return how many of each there are."""
    return {code: _look_for(kind, look) for code, kind in kinds_now().items() if not kind.off}


def _look_for(kind: KindNow, look: Look) -> int:
    with transaction.atomic():
        # Two who look at once would each call gone what only the other has found.
        lock_until_commit(_LOCK)
        found = FINDERS[kind.code](look, kind.threshold)
        _put(kind.code, found, look)
    return len(found)


def _put(code: str, found: Sequence[Found], look: Look) -> None:
    rows = {one.key: one for one in found}
    columns = [
        list(rows),
        [one.village for one in rows.values()],
        [one.person for one in rows.values()],
        [one.day for one in rows.values()],
        [msgspec.json.encode(one.detail).decode() for one in rows.values()],
        [msgspec.json.encode(one.evidence).decode() for one in rows.values()],
    ]
    execute(_PUT, [*columns, code, look.now, look.now, code, look.first, look.last])
