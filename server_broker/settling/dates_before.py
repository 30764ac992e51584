"""From which date on something can have been that nothing dates: that of the dated fact before it (rules, 2.8)."""

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import NamedTuple

from protocol.units import DATED_QUALITIES
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.models import Station
from server_broker.fleet.tables import STATION_EVENTS, STREAMS
from server_broker.ingest.dating.due import waits
from server_broker.platform.sql import LOCAL_ZONE, query
from server_broker.platform.tables import LAST_BIG_INTEGER, Table


class Place(NamedTuple):
    """Where a fact stands."""

    station: str
    epoch: bytes
    seq: int


def _told(table: Table) -> str:
    return f"""(SELECT t.seq, coalesce(t.corrected_wall, t.wall) AS at FROM {table} t
     WHERE t.station_id = w.station AND t.epoch = e.epoch AND t.seq >= coalesce(w.low, 0)
       AND t.seq < CASE WHEN e.epoch = w.epoch THEN w.seq ELSE {LAST_BIG_INTEGER} END
       AND (t.quality = ANY(%s) OR t.corrected_wall IS NOT NULL) AND NOT {waits("t")}
     ORDER BY t.seq DESC LIMIT 1)"""  # noqa: S608 - our own constant


_BEFORE = f"""
SELECT w.station, w.epoch, w.seq, coalesce((
    SELECT told.at FROM {STREAMS} e CROSS JOIN LATERAL ({_told(TOUCHES)} UNION ALL {_told(STATION_EVENTS)}) AS told
    WHERE e.station_id = w.station AND (w.low IS NULL OR e.epoch = w.epoch)
      -- What was issued anew may stand in a stream of which the county has nothing but the name.
      AND e.id <= coalesce((SELECT o.id FROM {STREAMS} o WHERE o.station_id = w.station AND o.epoch = w.epoch), 0)
    ORDER BY e.id DESC, told.seq DESC LIMIT 1
), CASE WHEN w.low IS NULL THEN s.enrolled_at END) AT TIME ZONE {LOCAL_ZONE}
FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[]) AS w (station, epoch, seq, low)
JOIN {Station._meta.db_table} s ON s.id = w.station
"""  # noqa: S608 - our own constants


def dates_before(places: Collection[Place]) -> Mapping[Place, dt.date]:
    """Return the date of the last dated fact before each place, else that of the station's enrolment; in one query.

    Only touches and events of the station are looked at, so it may be earlier than that of the very last fact.
    """
    if not places:
        return {}
    ordered = sorted(places)
    # A place looks back to the one before it, and what is dated before that holds for both. A station may tell very
    # much that nothing dates, and so nobody reads it again for each place.
    lows = [None, *(a.seq if a[:2] == b[:2] else None for a, b in pairwise(ordered))]
    dated = list(DATED_QUALITIES)
    rows = query(_BEFORE, [dated, dated, *(list(column) for column in zip(*ordered, strict=True)), lows])
    own = {Place(station, bytes(epoch), seq): at for station, epoch, seq, at in rows}
    found: dict[Place, dt.date] = {}
    for place, low in zip(ordered, lows, strict=True):
        at = own.get(place)
        if at is not None:
            found[place] = at.date()
        elif low is not None and (before := found.get(place._replace(seq=low))) is not None:
            found[place] = before
    return found
