"""Tell the county that touches are not recorded, and tell it when they have been recorded again for a while.

A disk that fails often takes one write and refuses the next, and a full one has room for a moment. So one touch that is
recorded ends nothing: the alarm is over once touches have been recorded for `SOUND_AFTER_MS` and none was refused.
"""

import logging
from collections.abc import Callable
from typing import Final, Literal

from agent.storage.errors import StorageError
from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes

log = logging.getLogger(__name__)

SOUND_AFTER_MS: Final = 3_600_000
"""Below the two hours in which the county takes an alarm that comes again for the same episode."""
_CODES: Final = {"disk_full": alarm_codes.DISK_FULL, "disk_error": alarm_codes.DISK_ERROR}
_DETAIL = "打卡没有记下，已亮红灯，请打卡的人稍后重打"


class DiskAlarm:
    """Used on the core thread only. After a restart, an alarm that stood before stands until it is over."""

    def __init__(self, alarms: StandingAlarms, *, mono_ms: Callable[[], int]) -> None:
        self._alarms = alarms
        self._mono_ms = mono_ms
        self._failing = False
        self._sound_since_ms: int | None = None
        """When the first touch was recorded since one was refused last, or since the start."""

    def refused(self, problem: Literal["disk_full", "disk_error"], error: StorageError) -> None:
        """Note that touches were not recorded. Log and county hear of it once, however many people touch."""
        if not self._failing:
            log.error("touches are not recorded: %s", error)
        self._failing, self._sound_since_ms = True, None
        self._alarms.raise_alarm(_CODES[problem], "critical", _DETAIL)

    def recorded(self) -> None:
        """Note that touches were recorded."""
        self._failing = False
        if self._sound_since_ms is None:
            self._sound_since_ms = self._mono_ms()

    def tick(self) -> None:
        """Clear the alarms that are over."""
        if self._sound_since_ms is not None and self._mono_ms() - self._sound_since_ms >= SOUND_AFTER_MS:
            for code in _CODES.values():
                self._alarms.clear_alarm(code)
