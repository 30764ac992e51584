"""Raise an alarm when something goes wrong, clear it when that is over, and know across restarts which alarms stand.

These alarms are about lasting states. The code tells them apart, so one code stands at most once. The list of the
standing alarms is kept on disk: after a restart, an alarm whose cause is still there is not raised again, and an alarm
whose cause is gone can be cleared. The codes are in `protocol.alarm_codes`.
"""

import logging

from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import AlarmCleared, AlarmRaised, Severity
from protocol.units import MAX_LONG_TEXT

log = logging.getLogger(__name__)


class StandingAlarms:
    """The station's alarms about lasting states. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, fact_writer: FactWriter, state: StateStore) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "alarms", dict[str, str], title="the list of standing alarms")
        self._standing = self._slot.read() or {}

    def stands(self, code: str) -> bool:
        """Return whether the alarm with this code was raised and not cleared."""
        return code in self._standing

    def kind_of(self, code: str) -> str:
        """Return the kind of the standing alarm with this code, or an empty string."""
        return self._standing.get(code, "")

    def raise_alarm(self, code: str, severity: Severity, detail: str, *, kind: str = "") -> None:
        """State that something is wrong, unless an alarm of this code and kind stands already.

        Args:
            detail: For people in the county.
            kind: What exactly is wrong, if that can change while the alarm stands; each change is another fact.
        """
        if self._standing.get(code) == kind:
            return
        log.warning("alarm %s: %s", code, kind or detail)
        self._standing[code] = kind
        now = self._clock.now()
        self._state(AlarmRaised(at=now, code=code, severity=severity, detail=detail[:MAX_LONG_TEXT]))

    def clear_alarm(self, code: str) -> None:
        """State that an alarm's cause is gone, if the alarm stands."""
        if self._standing.pop(code, None) is None:
            return
        log.info("alarm %s is over", code)
        self._state(AlarmCleared(at=self._clock.now(), code=code))

    def _state(self, change: AlarmRaised | AlarmCleared) -> None:
        """State a change, and keep the list with it: an alarm about the disk waits until the disk takes both."""
        self._fact_writer.owe(change, state=self._slot.row(self._standing))
