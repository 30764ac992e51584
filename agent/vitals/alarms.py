"""Raise an alarm at each change for the worse, state that it is over when it is, and know across restarts which stand.

An alarm is about a lasting state, told apart by its code. What stands is kept on disk: after a restart an alarm that
still holds is not raised again, and one that no longer holds is cleared.
"""

import logging

from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import AlarmCleared, AlarmRaised, Severity

log = logging.getLogger(__name__)

_MAX_CHARS = 400


class StandingAlarms:
    """The lasting alarms of a station."""

    def __init__(self, *, clock: StationClock, journal: FactWriter, state: StateStore) -> None:
        self._clock = clock
        self._journal = journal
        self._slot = StateSlot(state, "alarms", dict[str, str], title="the list of standing alarms")
        self._standing = self._slot.read() or {}

    def stands(self, code: str) -> bool:
        """Return whether an alarm of this code was raised and not cleared."""
        return code in self._standing

    def kind_of(self, code: str) -> str:
        """Return of which kind the alarm of this code is that stands; empty where none does."""
        return self._standing.get(code, "")

    def raise_alarm(self, code: str, severity: Severity, detail: str, *, kind: str = "") -> None:
        """State that something is wrong, unless it stands already.

        Args:
            detail: For people in the county.
            kind: A further change of this is worth another fact.
        """
        if self._standing.get(code) == kind:
            return
        log.warning("alarm %s: %s", code, kind or detail)
        self._standing[code] = kind
        now = self._clock.now()
        self._journal.owe(AlarmRaised(at=now, code=code, severity=severity, detail=detail[:_MAX_CHARS]))
        self._keep()

    def clear_alarm(self, code: str) -> None:
        """State that what an alarm said is over, if it stands."""
        if self._standing.pop(code, None) is None:
            return
        log.info("alarm %s is over", code)
        self._journal.owe(AlarmCleared(at=self._clock.now(), code=code))
        self._keep()

    def _keep(self) -> None:
        """Keep what stands; a station that dies before says one thing twice after its restart, which does no harm."""
        self._slot.keep(self._standing)
