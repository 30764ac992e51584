"""Say on the console that the county itself does not know the time, as long as it does not.

Its stations can't know the time either meanwhile. Without this a person would look for the fault in every village.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from server_broker.console.words import duration_words
from server_broker.platform.configured_clock import configured_clock
from server_broker.platform.processes import ServiceError

CAUSE = "县服务器自己还不知道时间，没有授时"
"""In place of what a station says: that it does not know the time."""


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
        status = configured_clock(settings.HOME).look()
    except ServiceError:
        return None  # a county.toml with an error: the doctor says so, and no clock can be judged by it
    if status.tells:
        return None
    return UntoldTime(duration_words(timedelta(milliseconds=status.untold_for_ms)), status.is_settling)
