"""Watch the machine's time service, and ask an RTC or a modem at the start: on a thread of its own, for the core.

A program or a chip that hangs holds this thread up and nothing else.
"""

import threading
from collections.abc import Callable, Sequence

from agent.events import Event, NtpRead, TimeHinted
from agent.inbox import Inbox
from agent.ports import TimeHint, TimeService

EVERY_S = 60.0
"""Until the time service is well; and so often hints are asked that have told no time yet."""
WELL_EVERY_S = 300.0


class TimeWatch:
    """Implements `agent.core.Device`."""

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
        while not self._ended.is_set():
            wait_s = self.round()
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
        """Ask once. A hint that told a time is not asked again; one that never did is reported in the end."""
        mono_ms = self._mono_ms()
        read = hint.read()
        self._hints[hint] -= 1
        if read.wall_ms is not None or not self._hints[hint]:
            del self._hints[hint]
            self._put(TimeHinted(hint.source, read, mono_ms))

    def _put(self, event: Event) -> None:
        with self._putting:
            if not self._ended.is_set():
                self._inbox.put(event)
