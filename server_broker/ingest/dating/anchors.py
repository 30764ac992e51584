"""Read the anchors of boots: the corrections of their clocks by the county or by NTP."""

from collections import defaultdict
from collections.abc import Collection

from server_broker.fleet.clock_runs import NOT_IN_DOUBT
from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.tables import CLOCK_RUNS, STATION_EVENTS
from server_broker.ingest.dating.weighing import IN_DOUBT, Anchor
from server_broker.platform.sql import query_arrays

MAX_ANCHORS = 64
"""Anchors of a boot that date its rows; of more it is the first half and the last half. As a rule a boot has one to
three, and each is compared with all rows of the boot."""

OF_BOOT = f"""SELECT a.id FROM {STATION_EVENTS} a
    WHERE a.station_id = w.station AND a.detail->>'boot' = w.boot AND a.kind = 'clock_corrected'
      AND a.boot = decode(w.boot, 'hex') AND a.detail->>'source' IN ('county', 'ntp')"""  # noqa: S608 - our own constant
"""SQL: the anchors of boot ``w``. The index `event_correction` has the first and the last of many at hand."""


def anchors_of(boots: Collection[Boot]) -> dict[Boot, list[Anchor]]:
    """Return the anchors of each boot that has any, in the order of ``mono``; words of the county are corrected."""
    if not boots:
        return {}
    stations, ids = zip(*boots, strict=True)
    # `- r.ahead_ms`: a word from a run that was ahead is corrected. `known`: the fact was made a little after the
    # moment that it is about. `e.boot = w.boot`: the two moments can be compared only if both are of this boot.
    found = query_arrays(
        f"""SELECT w.station, w.boot, (e.detail->>'mono')::bigint AS mono,
               (e.detail->>'wall')::bigint - coalesce(r.ahead_ms, 0), e.detail->>'source',
               greatest((e.detail->>'mono')::bigint, e.mono_ms),
               CASE WHEN r.doubted_by NOT IN {NOT_IN_DOUBT} THEN {IN_DOUBT} ELSE coalesce(r.vouched, 0) END,
               coalesce(r.ahead_ms, 0) <> 0
        FROM unnest(%s::text[], %s::text[]) AS w (station, boot)
        CROSS JOIN LATERAL (({OF_BOOT} ORDER BY a.id LIMIT %s) UNION ({OF_BOOT} ORDER BY a.id DESC LIMIT %s)) AS one
        JOIN {STATION_EVENTS} e ON e.id = one.id
        LEFT JOIN {CLOCK_RUNS} r ON r.run = decode(e.detail->>'run', 'hex')
        ORDER BY mono, e.id""",  # noqa: S608 - our own constants
        [list(stations), [boot.hex() for boot in ids], MAX_ANCHORS // 2, MAX_ANCHORS // 2],
    )
    anchors: defaultdict[Boot, list[Anchor]] = defaultdict(list)
    for station, boot, *anchor in found:
        anchors[station, bytes.fromhex(boot)].append(Anchor(*anchor))
    return anchors
