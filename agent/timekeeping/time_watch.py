"""Watch the machine's time service, and ask an RTC or a modem at the start: on a thread of its own, for the core.

A program or a chip that hangs holds this thread up and nothing else.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from agent.events import Event, NtpRead, TimeHinted
from agent.inbox import Inbox
from agent.ports import TimeHint, TimeService

log = logging.getLogger(__name__)

EVERY_S = 60.0
"""Until the time service is well; and so often hints are asked that have told no time yet."""
WELL_EVERY_S = 300.0


class TimeWatch:
    """Implements `agent.station.core.EventSource`."""

    def __init__(
        self, *, service: TimeService, hints: Sequence[TimeHint], inbox: Inbox, mono_ms: Callable[[], int]
    ) -> None:
        self._service = service
        self._hints = {hint: hint.tries for hint in hints}
        self._inbox = inbox
        self._mono_ms = mono_ms
        self._ended = threading.Event()
        self._putting = threading.Lock()

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, name="time-watch", daemon=True).start()

    def stop(self) -> None:
        """Say nothing from now on. What hangs is left to its limit."""
        with self._putting:
            self._ended.set()

    def _run(self) -> None:
        """Go on whatever happens: without this thread no NTP counts any more."""
        failing = False
        while not self._ended.is_set():
            try:
                wait_s, failing = self.round(), False
            except Exception:
                if not failing:
                    log.exception("the time watch failed and goes on")
                wait_s, failing = EVERY_S, True
            self._ended.wait(wait_s)

    def round(self) -> float:
        """Ask everybody who is to be asked once; return when to do so again, in seconds."""
        for hint in list(self._hints):
            self._ask(hint)
        asked_ms = self._mono_ms()
        state = self._service.read()
        self._put(NtpRead(state, asked_ms))
        return EVERY_S if state.problem or self._hints else WELL_EVERY_S

    def _ask(self, hint: TimeHint) -> None:
        """Ask once. A hint that told a time, or raised, is not asked again; one that never told is reported."""
        mono_ms = self._mono_ms()
        left = self._hints.pop(hint) - 1
        read = hint.read()
        if read.wall_ms is None and left:
            self._hints[hint] = left
        else:
            self._put(TimeHinted(hint.source, read, mono_ms))

    def _put(self, event: Event) -> None:
        with self._putting:
            if not self._ended.is_set():
                self._inbox.put(event)
