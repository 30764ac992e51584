"""Alarms of the uplink, rate-limited: a hostile or broken peer must not fill the outbox with facts about itself."""

from collections.abc import Callable

from agent.uplink.ports import UplinkDelegate
from protocol.facts import Severity

EVERY_MS = 3_600_000
"""The same code is raised once an hour at most."""


class Alarms:
    """The door through which the uplink raises alarms."""

    def __init__(self, host: UplinkDelegate, mono_ms: Callable[[], int]) -> None:
        self._host = host
        self._mono_ms = mono_ms
        self._raised_ms: dict[str, int] = {}

    def raise_once(self, code: str, severity: Severity, detail: str) -> None:
        """Raise an alarm unless the same code was raised within the hour."""
        now = self._mono_ms()
        last = self._raised_ms.get(code)
        if last is None or now - last >= EVERY_MS:
            self._raised_ms[code] = now
            self._host.alarm(code, severity, detail)
