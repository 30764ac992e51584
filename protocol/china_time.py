"""The time of day as people in a village and in the county read it.

China has one time, eight hours ahead of UTC, and has had no summer time since 1991. So this one offset holds for every
moment that a station can record. Python's ``zoneinfo`` would say the same at 0.3 MB more of an agent's memory.
"""

from datetime import datetime, timedelta, timezone

OFFSET_MIN = 8 * 60
"""Minutes by which local time is ahead of UTC. Because it never changes, local minutes may be counted over midnight."""

ZONE = "Asia/Shanghai"
CHINA = timezone(timedelta(minutes=OFFSET_MIN), ZONE)


def china_time(wall_ms: int) -> datetime:
    """Return a wall time in Asia/Shanghai."""
    return datetime.fromtimestamp(wall_ms / 1000, CHINA)


def milliseconds(moment: datetime | None) -> int:
    """Return an aware time as the contract has it, in milliseconds since 1970; 0 for none."""
    return round(moment.timestamp() * 1000) if moment else 0
