"""Tell people when a station's word moves touches whose times the county has known for a while.

Whoever takes a board gets its key, and may state for an old boot that it learnt another time. The county can't tell
that from a word that is merely late. So the touches follow it as any other, and an alarm asks a person to look.
Only that person's acknowledgement says that somebody has looked at the touches (`server_broker.fleet.alarm_ends`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from protocol.units import DATED_QUALITIES
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarm_codes import TIMES_MOVED
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.platform.sql import query

KNOWN_FOR = timedelta(hours=1)
"""A word that comes sooner after the touches than this is how stations learn the time."""
LEAST = timedelta(minutes=1)
"""Attendance is counted in minutes."""

type Boot = tuple[str, bytes]
type Times = dict[tuple[str, bytes, bytes, int], datetime]
"""By station, boot, epoch and seq of a touch."""


def known_times(boots: Mapping[Boot, int], *, at: datetime) -> Times:
    """Return the times of touches that the county has known since `KNOWN_FOR`.

    Args:
        boots: By boot, the mono up to which its touches may be moved.
    """
    if not boots:
        return {}
    stations, ids = zip(*boots, strict=True)
    found = query(
        f"""SELECT t.station_id, t.boot, t.epoch, t.seq, coalesce(t.corrected_wall, t.wall)
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, boot, through)
        JOIN {TOUCHES} t ON t.station_id = w.station AND t.boot = w.boot AND t.mono_ms <= w.through
        WHERE t.received_at < %s AND (t.corrected_wall IS NOT NULL OR t.quality = ANY(%s))""",  # noqa: S608 - our own
        [list(stations), list(ids), list(boots.values()), at - KNOWN_FOR, list(DATED_QUALITIES)],
    )
    return {(station, bytes(boot), bytes(epoch), seq): time for station, boot, epoch, seq, time in found}


def tell_of_moved(before: Times, after: Times, *, at: datetime) -> None:
    """Raise one alarm for each boot of which touches have another time now."""
    moved: dict[Boot, list[timedelta]] = {}
    for touch in before.keys() & after.keys():
        if (by := abs(after[touch] - before[touch])) >= LEAST:
            moved.setdefault(touch[:2], []).append(by)
    raise_alarms(
        [
            AlarmCall(
                station,
                f"{TIMES_MOVED}:{boot.hex()[:8]}",
                "major",
                f"站点事后改了一次开机的时间：早已收到的 {len(by)} 次打卡因此移动，最多 {max(by) // LEAST} 分钟",
            )
            for (station, boot), by in sorted(moved.items())
        ],
        at=at,
    )
