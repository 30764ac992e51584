"""The time of day as people at a station read it."""

from datetime import datetime
from zoneinfo import ZoneInfo


def china_time(wall_ms: int) -> datetime:
    """Return a wall time in Asia/Shanghai.

    The zone is read from /usr/share/zoneinfo, which every Debian has: its tzdata is required, and Python's own
    package depends on it.
    """
    return datetime.fromtimestamp(wall_ms / 1000, ZoneInfo("Asia/Shanghai"))
