"""The time of day as people in a village and in the county read it.

The zone is read from /usr/share/zoneinfo, which every Debian has: its tzdata is required, and Python's own package
depends on it.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_MIDNIGHT = datetime(2000, 1, 1, tzinfo=CHINA)
OFFSET_MIN = (_MIDNIGHT.replace(tzinfo=UTC) - _MIDNIGHT) // timedelta(minutes=1)
"""Minutes by which local time is ahead of UTC. China has had no summer time since 1991, so this one offset holds for
every moment that a station can record, and local minutes may be counted over midnight."""


def china_time(wall_ms: int) -> datetime:
    """Return a wall time in Asia/Shanghai."""
    return datetime.fromtimestamp(wall_ms / 1000, CHINA)
