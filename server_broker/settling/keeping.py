"""Keep what windows came to. A result that changed is superseded and stays readable; one that did not is left alone."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from server_broker.platform.sql import execute, lock_until_commit, query
from server_broker.settlement.version import RULES
from server_broker.settling.due import VillageDay
from server_broker.settling.models import NOTHING_TOLD
from server_broker.settling.moments import aware
from server_broker.settling.windows import AwaitedThing, Settled

_LOCK = 0x7365746C
"""Key of PostgreSQL's advisory lock for whoever keeps results: "setl" in ASCII."""


class Kept(NamedTuple):
    """How many results are new, and how many were superseded."""

    made: int
    superseded: int


_COLUMNS = {
    "village_id": "bigint",
    "person_id": "bigint",
    "day": "date",
    "start": "smallint",
    "place": "smallint",
    "result": "text",
    "kind": "text",
    "beside": "text",
    "late": "integer",
    "early": "integer",
    "flags": "text",
    "line": "text",
    "reason": "text",
    "share_numerator": "smallint",
    "share_denominator": "smallint",
    "leave_minutes": "integer",
    "facts": "text",
    "awaited": "text",
    "rules": "text",
    "parameters": "text",
    "digest": "bytea",
    "due_at": "timestamptz",
    "why": "text",
}
_JSON = {"facts", "awaited"}
_ARRAYS = ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
_NEW = f"new AS (SELECT * FROM unnest({_ARRAYS}) AS n ({', '.join(_COLUMNS)}))"  # noqa: S608 - our own constants
_SAME = " AND ".join(f"s.{name} = n.{name}" for name in ("village_id", "day", "person_id", "start", "place"))

_SUPERSEDE = f"""
WITH {_NEW}, settled AS (SELECT * FROM unnest(%s::bigint[], %s::date[]) AS d (village, day)),
gone AS (
    UPDATE settling_settledwindow s SET superseded_at = %s FROM settled d
    WHERE s.village_id = d.village AND s.day = d.day AND s.superseded_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM new n WHERE {_SAME} AND s.digest = n.digest)
    RETURNING 1
)
SELECT count(*) FROM gone
"""  # noqa: S608 - our own constants
_INSERT = f"""
WITH {_NEW}, made AS (
    INSERT INTO settling_settledwindow ({", ".join(_COLUMNS)}, known_at, settled_at)
    SELECT {", ".join(f"n.{name}::jsonb" if name in _JSON else f"n.{name}" for name in _COLUMNS)}, %s, %s FROM new n
    WHERE NOT EXISTS (SELECT 1 FROM settling_settledwindow s WHERE s.superseded_at IS NULL AND {_SAME})
    RETURNING 1
)
SELECT count(*) FROM made
"""  # noqa: S608 - our own constants


JUDGED, IN_TIME = frozenset("√迟早缺旷"), "√"
"""The results that touches decided, and the one of them in time. What nobody could do anything about is neither."""
_COUNT = """
INSERT INTO settling_daycount AS c (village_id, day, judged, in_time)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[])
ON CONFLICT (village_id, day) DO UPDATE SET judged = excluded.judged, in_time = excluded.in_time
WHERE (c.judged, c.in_time) <> (excluded.judged, excluded.in_time)
"""


def keep(settled: Sequence[Settled], why: Mapping[VillageDay, str], *, known: dt.datetime, now: dt.datetime) -> Kept:
    """Keep all that some villages' dates came to, in three statements.

    Args:
        settled: Every window of these villages and dates. One that stands and is not among them is no window any more.
        why: The villages and dates, with what had them settled.
        known: What the county knew at this moment gave it.
        now: When it is written down.
    """
    if not why:
        return Kept(0, 0)
    seen: Counter[tuple[int, dt.date, int, int]] = Counter()
    rows = []
    for one in settled:
        key = (one.village, one.result.day, one.person, one.result.start)
        rows.append(_row(one, seen[key], why[one.village, one.result.day]))
        seen[key] += 1
    new = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    with transaction.atomic():
        lock_until_commit(_LOCK)
        days = [[village for village, _ in why], [day for _, day in why]]
        [(superseded,)] = query(_SUPERSEDE, [*new, *days, now])
        [(made,)] = query(_INSERT, [*new, known, now])
        execute(_COUNT, _counts(settled, why))
    return Kept(made, superseded)


def _counts(settled: Sequence[Settled], why: Iterable[VillageDay]) -> list[list[Any]]:
    """Return for each village's date how many windows were judged, and how many in time, as columns."""
    words: dict[VillageDay, Counter[str]] = {day: Counter() for day in why}
    for one in settled:
        words[one.village, one.result.day][one.result.result] += 1
    rows = [
        (village, day, sum(counts[word] for word in JUDGED), counts[IN_TIME])
        for (village, day), counts in words.items()
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _row(one: Settled, place: int, why: str) -> tuple[Any, ...]:
    result = one.result
    facts = [[fact.station, fact.epoch, fact.seq] for fact in one.facts]
    awaited = [_awaited(what) for what in one.awaited]
    content = (
        result.result,
        result.kind,
        "".join(result.beside),
        result.late,
        result.early,
        "".join(result.flags),
        result.line,
        result.reason,
        result.share.numerator,
        result.share.denominator,
        result.leave_minutes,
        msgspec.json.encode(facts).decode(),
        msgspec.json.encode(awaited).decode(),
        RULES,
        one.parameters,
    )
    digest = hashlib.sha256(msgspec.json.encode(content)).digest()
    due_at = None if one.due_at is None else aware(one.due_at)
    return (one.village, one.person, result.day, result.start, place, *content, digest, due_at, why)


def _awaited(what: AwaitedThing) -> list[str | int]:
    kept: list[str | int] = [what.station, NOTHING_TOLD if what.since is None else what.since]
    return kept if what.fact is None else [*kept, what.fact.epoch, what.fact.seq]
