"""How far the months of villages are, for any number of villages by a fixed number of queries."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from server_broker.closing.objections import Objections
from server_broker.platform.sql import query
from server_broker.regions.models import Region
from server_broker.settlement.settle import state_by
from server_broker.settlement.states import CLOSED, RUNNING
from server_broker.settlement.times import Minute, first_of_month, next_month
from server_broker.settling.models import NOTHING_TOLD, SettleDue, SheetMonthRecord
from server_broker.settling.moments import moment, moment_or_never

_DAY = dt.timedelta(days=1)

_OPEN_WINDOWS = """
SELECT s.village_id, s.result, count(*), min(a.since), coalesce(bool_or(a.silent), false)
FROM settling_settledwindow s
LEFT JOIN LATERAL (SELECT min((one->>1)::bigint) FILTER (WHERE (one->>1)::bigint <> %s) AS since,
                          bool_or((one->>1)::bigint = %s) AS silent
                   FROM jsonb_array_elements(s.awaited) one) a ON true
WHERE s.superseded_at IS NULL AND s.result IN ('', '未', '待') AND s.village_id = ANY(%s) AND s.day BETWEEN %s AND %s
GROUP BY s.village_id, s.result
"""
_WITH_WINDOWS = """
SELECT v.id FROM unnest(%s::bigint[]) AS v (id)
WHERE EXISTS (SELECT 1 FROM settling_settledwindow s
              WHERE s.superseded_at IS NULL AND s.village_id = v.id AND s.day BETWEEN %s AND %s)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a village's month is."""

    village: int
    code: str
    name: str
    month: str
    state: str
    shown_at: dt.datetime | None
    objections_until: dt.date | None
    """The last date on which objections are taken; None: it was not shown."""
    closed_at: dt.datetime | None
    has_windows: bool
    open: dict[str, int] = field(default_factory=dict)
    """How many windows are 未, 待 or blank, by that word."""
    awaited_since: Minute | None = None
    """The earliest minute since which something is awaited."""
    awaits_first_word: bool = False
    """A station is awaited that has told of no minute yet."""
    waiting: int = 0
    """Dates that are about to be settled again."""
    set_aside: int = 0
    """Those of them that can't be settled (`server_broker.settling.set_aside`)."""

    @property
    def is_over(self) -> bool:
        """Tell whether the month has ended."""
        return self.state != RUNNING


class _Kept:
    """What is kept of villages' windows of some dates, as far as a state hangs on it, by three queries."""

    def __init__(self, villages: list[int], first: dt.date, last: dt.date) -> None:
        self.open: dict[int, dict[str, int]] = defaultdict(dict)
        self.since: dict[int, Minute] = {}
        self.silent: set[int] = set()
        asked = [NOTHING_TOLD, NOTHING_TOLD, villages, first, last]
        for village, word, count, minute, silent in query(_OPEN_WINDOWS, asked):
            self.open[village][word] = count
            if silent:
                self.silent.add(village)
            if minute is not None:
                self.since[village] = min(minute, self.since.get(village, minute))
        self.with_windows = {village for (village,) in query(_WITH_WINDOWS, [villages, first, last])}
        due = list(SettleDue.objects.filter(village__in=villages, day__range=(first, last)))
        self.waiting = Counter(int(row.village_id) for row in due)
        self.set_aside = Counter(int(row.village_id) for row in due if row.failed_at is not None)


def standings(villages: Collection[Region], month: str, now: dt.datetime) -> list[Standing]:
    """Return how far a month of villages is, in the order of their codes."""
    ids = [one.identity for one in villages]
    rows = SheetMonthRecord.objects.known().filter(subject__village__in=ids, subject__month=month)
    records = {int(row.subject.village_id): row for row in rows.select_related("subject")}
    kept = _Kept(ids, first_of_month(month), next_month(first_of_month(month)) - _DAY)
    ordered = sorted(villages, key=lambda one: one.code)
    objections = Objections(ordered)
    return [_standing(one, month, now, records.get(one.identity), kept, objections) for one in ordered]


def _standing(
    region: Region, month: str, now: dt.datetime, row: SheetMonthRecord | None, kept: _Kept, objections: Objections
) -> Standing:
    village = region.identity
    shown_at, closed_at = (None, None) if row is None else (row.shown_at, row.closed_at)
    words = kept.open.get(village, {})
    state = state_by(month, moment(now), shown=moment_or_never(shown_at), is_final=not words)
    is_closed = closed_at is not None
    return Standing(
        village=village,
        code=region.code,
        name=region.name,
        month=month,
        state=CLOSED if is_closed else state,
        shown_at=shown_at,
        objections_until=None if shown_at is None else objections.until(village, shown_at),
        closed_at=closed_at,
        has_windows=village in kept.with_windows,
        open={} if is_closed else words,
        awaited_since=None if is_closed else kept.since.get(village),
        awaits_first_word=not is_closed and village in kept.silent,
        waiting=0 if is_closed else kept.waiting[village],
        set_aside=0 if is_closed else kept.set_aside[village],
    )
