"""Say on the console that the county itself does not know the time, as long as it does not.

Its stations can't know the time either meanwhile. Without this a person would look for the fault in every village.
"""

from dataclasses import dataclass

from django.conf import settings

from server_broker.platform.clock import county_clock
from server_broker.platform.processes import ServiceError

CAUSE = "县服务器自己还不知道时间，没有授时"
"""In place of what a station says: that it does not know the time."""
_MINUTE_MS, _HOUR_MIN, _DAY_MIN = 60_000, 60, 1_440


@dataclass(frozen=True, slots=True)
class UntoldTime:
    """Since when the county does not know the time.

    Attributes:
        lasted: For how long, in words. No time of day, because that is what nobody knows.
        is_settling: The machine has just started and may yet reach its time service. There is no alarm yet.
    """

    lasted: str
    is_settling: bool


def untold_time() -> UntoldTime | None:
    """Return that the county does not know the time now; None if it does."""
    try:
        status = county_clock(settings.HOME).look()
    except ServiceError:
        return None  # a county.toml with an error: the doctor says so, and no clock can be judged by it
    return None if status.tells else UntoldTime(_lasted(status.untold_for_ms), status.is_settling)


def _lasted(ms: int) -> str:
    minutes = ms // _MINUTE_MS
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < _HOUR_MIN:
        return f"{minutes} 分钟"
    return f"{minutes // _HOUR_MIN} 小时" if minutes < 2 * _DAY_MIN else f"{minutes // _DAY_MIN} 天"
