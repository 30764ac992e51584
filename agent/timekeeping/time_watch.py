"""Watch the machine's time service, and ask an RTC or a modem at the start, on a thread of its own.

The core takes the answers from its inbox. A program or a chip that hangs stops this thread and nothing else.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from agent.events import Event, NtpRead, TimeHinted
from agent.inbox import Inbox
from agent.ports import TimeHint, TimeService

log = logging.getLogger(__name__)

EVERY_S = 60.0
"""Between two rounds while the time service is not well, or while a hint has told no time yet."""
WELL_EVERY_S = 300.0
"""Between two rounds later: a third of the time for which the clock counts an answer."""


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
        """So that nothing is put into the inbox once `stop` has returned."""

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, name="time-watch", daemon=True).start()

    def stop(self) -> None:
        """Put nothing into the inbox from now on. Nobody waits for the thread: each read has a limit of its own."""
        with self._putting:
            self._ended.set()

    def _run(self) -> None:
        """Go on whatever happens: without this thread NTP would soon count no more."""
        failing = False
        while not self._ended.is_set():
            try:
                wait_s, failing = self.round(), False
            except Exception:
                if not failing:  # a change of state is logged once
                    log.exception("the time watch failed and goes on")
                wait_s, failing = EVERY_S, True
            self._ended.wait(wait_s)

    def round(self) -> float:
        """Ask the hints and the time service once; return when to do so again, in seconds.

        A hint is not asked again after it told a time, raised, or had its last try. Only its end is put into the inbox:
        the time that it told, or that it told none.
        """
        for hint in list(self._hints):
            mono_ms = self._mono_ms()
            # Out of the list before it is read: a hint that raises must not stop each later round, too.
            left = self._hints.pop(hint) - 1
            read = hint.read()
            if read.wall_ms is None and left:
                self._hints[hint] = left
            else:
                self._put(TimeHinted(hint.source, read, mono_ms))
        # Before the question: an answer that took long must not count for longer.
        asked_ms = self._mono_ms()
        state = self._service.read()
        self._put(NtpRead(state, asked_ms))
        return EVERY_S if state.problem or self._hints else WELL_EVERY_S

    def _put(self, event: Event) -> None:
        with self._putting:
            if not self._ended.is_set():
                self._inbox.put(event)
