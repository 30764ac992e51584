"""From which date on something can have been that nothing dates: that of the dated fact before it (rules, 2.8)."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

from protocol.units import DATED_QUALITIES
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.models import Station
from server_broker.fleet.tables import STATION_EVENTS, STREAMS
from server_broker.platform.sql import query
from server_broker.platform.tables import Table


class Place(NamedTuple):
    """Where a fact stands."""

    station: str
    epoch: bytes
    seq: int


def _told(table: Table) -> str:
    return f"""(SELECT t.seq, coalesce(t.corrected_wall, t.wall) AS at FROM {table} t
     WHERE t.station_id = w.station AND t.epoch = e.epoch AND (e.epoch <> w.epoch OR t.seq < w.seq)
       AND (t.quality = ANY(%s) OR t.corrected_wall IS NOT NULL)
     ORDER BY t.seq DESC LIMIT 1)"""  # noqa: S608 - our own constant


_BEFORE = f"""
SELECT w.station, w.epoch, w.seq, coalesce((
    SELECT told.at FROM {STREAMS} e CROSS JOIN LATERAL ({_told(TOUCHES)} UNION ALL {_told(STATION_EVENTS)}) AS told
    WHERE e.station_id = w.station
      -- What was issued anew may stand in a stream of which the county has nothing but the name.
      AND e.id <= coalesce((SELECT o.id FROM {STREAMS} o WHERE o.station_id = w.station AND o.epoch = w.epoch), 0)
    ORDER BY e.id DESC, told.seq DESC LIMIT 1
), s.enrolled_at) AT TIME ZONE 'Asia/Shanghai'
FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
JOIN {Station._meta.db_table} s ON s.id = w.station
"""  # noqa: S608 - our own constants


def dates_before(places: Collection[Place]) -> Mapping[Place, dt.date]:
    """Return the date of the last dated fact before each place, else that of the station's enrolment; in one query.

    Only touches and events of the station are looked at, so it may be earlier than that of the very last fact.
    """
    if not places:
        return {}
    dated = list(DATED_QUALITIES)
    columns = [list(column) for column in zip(*sorted(places), strict=True)]
    rows = query(_BEFORE, [dated, dated, *columns])
    return {Place(station, bytes(epoch), seq): at.date() for station, epoch, seq, at in rows if at is not None}
