"""Tell people of chores that have failed for a while. What they do waits meanwhile, such as the settling of all days.

One object for all threads of the chores.
"""

import datetime as dt
import threading
from collections.abc import Callable

FAILS_FOR_S = 900.0
"""Longer than `server_broker.supervisor.chores.RETRY_S`, so that each chore has failed twice at least."""


class FailingChores:
    """Since when each chore fails."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._since: dict[str, float] = {}

    def failed(self, name: str, error: Exception) -> None:
        """Note that a chore has failed. That the database is away tells nothing: other parts report it."""
        from django.db import InterfaceError, OperationalError  # noqa: PLC0415 - reads the settings

        if isinstance(error, OperationalError | InterfaceError):
            return
        with self._lock:
            self._since.setdefault(name, self._monotonic_s())

    def worked(self, name: str) -> None:
        """Note that a chore was done."""
        with self._lock:
            self._since.pop(name, None)

    def tell(self, now: dt.datetime) -> str:
        """Raise the alarm, or close it where no chore has failed for `FAILS_FOR_S`; return what it says, for the log.

        Raises:
            django.db.Error: Nothing was told.
        """
        from server_broker.fleet.alarm_codes import CHORE_FAILS  # noqa: PLC0415 - needs the models
        from server_broker.fleet.alarms import raise_alarm, resolve  # noqa: PLC0415

        with self._lock:
            since = self._monotonic_s() - FAILS_FOR_S
            names = sorted(name for name, at in self._since.items() if at <= since)
        if not names:
            resolve(station=None, code=CHORE_FAILS, at=now)
            return ""
        detail = f"县平台的 {len(names)} 项定时工作一直失败，它们的结果停在失败之前：{'；'.join(names)}"
        raise_alarm(station=None, code=CHORE_FAILS, severity="critical", detail=detail, at=now)
        return detail
