"""Renew the station's certificate at half life, on a thread of its own, while the time is known.

The certificate is looked at once in a run; from then on the day of its renewal is known.
"""

import logging
import threading
from collections.abc import Callable

from agent.clock import StationClock
from agent.events import RenewalEnded
from agent.inbox import Inbox

log = logging.getLogger(__name__)

RETRY_MS = 3_600_000


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

    def tick(self) -> None:
        """Begin to look or to renew when it is time."""
        now = self._clock.now()
        if self._running or not self._clock.dated or now.mono < self._next_ms or now.wall < self._due_ms:
            return
        self._next_ms = now.mono + RETRY_MS
        self._running = True
        threading.Thread(target=self._run, args=(now.wall,), name="renewal", daemon=True).start()

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
            log.info("the certificate is renewed")
