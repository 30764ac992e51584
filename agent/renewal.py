"""Renew the station's certificate at half life, on a thread of its own, while the time is known."""

import logging
import threading
from collections.abc import Callable

from agent.clock import StationClock
from agent.events import RenewalEnded
from agent.inbox import Inbox

log = logging.getLogger(__name__)

RETRY_MS = 3_600_000


class Renewal:
    """Judges once an hour whether a renewal is due. A failed one leaves the old certificate in place."""

    def __init__(
        self, *, clock: StationClock, inbox: Inbox, due: Callable[[int], bool], renew: Callable[[], object]
    ) -> None:
        """``due`` judges a trusted wall time; ``renew`` makes the call and blocks."""
        self._clock = clock
        self._inbox = inbox
        self._due = due
        self._renew = renew
        self._running = False
        self._next_ms = 0

    def tick(self) -> None:
        """Begin a renewal when it is due."""
        now = self._clock.now()
        if self._running or not self._clock.dated or now.mono < self._next_ms:
            return
        self._next_ms = now.mono + RETRY_MS
        if self._due(now.wall):
            self._running = True
            threading.Thread(target=self._run, name="renewal", daemon=True).start()

    def _run(self) -> None:
        try:
            self._renew()
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            self._inbox.put(RenewalEnded(problem=f"{type(error).__name__}: {error}"))
        else:
            self._inbox.put(RenewalEnded())

    def ended(self, event: RenewalEnded) -> None:
        """Note how it went; the next connection uses the new certificate."""
        self._running = False
        if event.problem:
            log.warning("the certificate was not renewed: %s", event.problem)
        else:
            log.info("the certificate is renewed")
