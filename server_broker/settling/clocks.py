"""When a station's facts were, by what had corrected its clock by a moment.

The times that the county shows are updated in place (`server_broker.ingest.dating`), so they say nothing of an earlier
moment. Here they are reckoned anew, by the same plan, from the corrections that were there.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from protocol.units import DATED_QUALITIES, LAST_WALL_MS
from protocol.units import Moment as StationMoment
from server_broker.audit.models import AuditEntry
from server_broker.fleet.clock_runs import JUDGED, NOT_IN_DOUBT
from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.ingest.dating.anchors import MAX_ANCHORS, OF_BOOT
from server_broker.ingest.dating.weighing import DIFFERS_MS, IN_DOUBT, Anchor, Plan, plan
from server_broker.platform.sql import query


class Clocks:
    """The clocks of some boots, as the county knew them at one moment."""

    def __init__(self, plans: Mapping[Boot, Plan]) -> None:
        self._plans = plans

    def wall_of(self, station: str, at: StationMoment) -> int | None:
        """Return the milliseconds since 1970 (UTC) at which something was; None: nothing dates it."""
        own = at.wall if at.quality in DATED_QUALITIES and at.wall <= LAST_WALL_MS else None
        planned = self._plans.get((station, at.boot))
        if planned is None:
            return own
        if at.mono <= planned.disputed_through:
            return None
        if own is None and planned.undated.after < at.mono <= planned.undated.through:
            own = _by(planned.undated.anchor, at.mono)
        for span in planned.again:
            value = _by(span.anchor, at.mono) if span.after < at.mono <= span.through else None
            if value is not None and abs(value - (at.wall if own is None else own)) > DIFFERS_MS:
                own = value
        return own


def _by(anchor: Anchor, mono: int) -> int | None:
    value = anchor.wall + mono - anchor.mono
    return value if 0 <= value <= LAST_WALL_MS else None


class _Told(NamedTuple):
    """A correction of a clock as it came."""

    mono: int
    wall: int
    source: str
    known: int
    run: str | None


class _Run(NamedTuple):
    """What the county held of a run of its own clock."""

    vouched: int = 0
    ahead_ms: int = 0
    doubted_by: str = ""


def clocks_of(boots: Collection[Boot], known: dt.datetime) -> Clocks:
    """Return the clocks of these boots by what had come by ``known``, in two queries."""
    if not boots:
        return Clocks({})
    stations, ids = zip(*boots, strict=True)
    # As `ingest.dating.anchors`, but for what came later and with the runs as they were judged then.
    found = query(
        f"""SELECT w.station, w.boot, (e.detail->>'mono')::bigint AS mono, (e.detail->>'wall')::bigint,
               e.detail->>'source', greatest((e.detail->>'mono')::bigint, e.mono_ms), e.detail->>'run'
        FROM unnest(%s::text[], %s::text[]) AS w (station, boot)
        CROSS JOIN LATERAL (
            ({OF_BOOT} AND a.received_at <= %s ORDER BY a.id LIMIT %s)
            UNION ({OF_BOOT} AND a.received_at <= %s ORDER BY a.id DESC LIMIT %s)
        ) AS one
        JOIN {STATION_EVENTS} e ON e.id = one.id
        ORDER BY mono, e.id""",  # noqa: S608 - our own constants
        [list(stations), [boot.hex() for boot in ids], known, MAX_ANCHORS // 2, known, MAX_ANCHORS // 2],
    )
    told: dict[Boot, list[_Told]] = defaultdict(list)
    for station, boot, *one in found:
        told[station, bytes.fromhex(boot)].append(_Told(*one))
    runs = _runs({one.run for some in told.values() for one in some if one.run is not None}, known)
    return Clocks({boot: plan([_anchor(one, runs) for one in some]) for boot, some in told.items()})


def _anchor(told: _Told, runs: Mapping[str, _Run]) -> Anchor:
    run = runs.get(told.run or "", _Run())
    source: Literal["county", "ntp"] = "county" if told.source == "county" else "ntp"
    vouched = run.vouched if run.doubted_by in NOT_IN_DOUBT else IN_DOUBT
    return Anchor(told.mono, told.wall - run.ahead_ms, source, told.known, vouched, run.ahead_ms != 0)


def _runs(ids: Collection[str], known: dt.datetime) -> dict[str, _Run]:
    """Return how the county judged runs of its own clock. The audit log keeps each judgement; the last one holds."""
    entries = AuditEntry.objects.filter(action=JUDGED, subject__in=ids, at__lte=known).order_by("pk")
    return {
        # Judgements of before do not speak of doubt.
        subject: _Run(detail["vouched"], detail["ahead_ms"], detail.get("doubted_by", ""))
        for subject, detail in entries.values_list("subject", "detail")
    }
