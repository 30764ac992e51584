"""Renew the station's certificate at half life, on a thread of its own.

The certificate is looked at once in a run; from then on the day of its renewal is known. A station that was without
power past its certificate's end does not know the time, and the broker, whose connection would tell it, lets nobody in
with an old certificate. So one that knows no time and reaches no county for a while asks for a new one on suspicion:
the record key is what the county goes by.
"""

import logging
import threading
from collections.abc import Callable

from agent.clock import StationClock
from agent.events import RenewalEnded
from agent.inbox import Inbox

log = logging.getLogger(__name__)

RETRY_MS = 3_600_000
SUSPICION_MS = 900_000
"""So long without the time and without the county, a certificate is suspected to be over."""
_WHENEVER_DUE = 2**53
"""A wall time at which every certificate is due."""


class Renewal:
    """Judges whether a renewal is due. A failed one leaves the old certificate in place, and is tried once an hour."""

    def __init__(self, *, clock: StationClock, inbox: Inbox, renew: Callable[[int], RenewalEnded]) -> None:
        """``renew`` looks at the certificate at a trusted wall time, renews it where that is due, and blocks."""
        self._clock = clock
        self._inbox = inbox
        self._renew = renew
        self._running = False
        self._next_ms = 0
        self._due_ms = 0
        self._renewed = False
        self._reached_ms = clock.mono_ms()

    @property
    def running(self) -> bool:
        """Whether a renewal is under way: `RenewalEnded` follows."""
        return self._running

    def tick(self, *, connected: bool) -> None:
        """Begin to look or to renew when it is time; ``connected`` says whether the county answers now."""
        now = self._clock.now()
        if connected:
            self._reached_ms = now.mono
        if self._running or now.mono < self._next_ms:
            return
        if self._clock.dated:
            if now.wall >= self._due_ms:
                self._begin(now.wall)
        elif now.mono - self._reached_ms >= SUSPICION_MS and not self._renewed:
            self._begin(_WHENEVER_DUE)

    def _begin(self, wall_ms: int) -> None:
        self._next_ms = self._clock.mono_ms() + RETRY_MS
        self._running = True
        threading.Thread(target=self._run, args=(wall_ms,), name="renewal", daemon=True).start()

    def _run(self, wall_ms: int) -> None:
        try:
            self._inbox.put(self._renew(wall_ms))
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            self._inbox.put(RenewalEnded(problem=f"{type(error).__name__}: {error}"))

    def ended(self, event: RenewalEnded) -> None:
        """Note how it went; the next connection uses the new certificate."""
        self._running = False
        if event.problem:
            log.warning("the certificate was not renewed: %s", event.problem)
            return
        self._due_ms = event.due_ms
        if event.renewed:
            self._renewed = True
            log.info("the certificate is renewed")
