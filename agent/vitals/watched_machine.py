"""Look at the machine now and then, on a thread of its own: a file or a program that hangs holds up nothing else."""

import logging
import threading

from agent.events import MachineSeen
from agent.inbox import Inbox
from agent.ports import Machine

log = logging.getLogger(__name__)

EVERY_S = 60.0
_STOP_S = 1.0


class WatchedMachine:
    """A machine of which the core hears. Implements `agent.station.core.EventSource`."""

    def __init__(self, machine: Machine, inbox: Inbox, *, every_s: float = EVERY_S) -> None:
        self._machine = machine
        self._inbox = inbox
        self._every_s = every_s
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="machine", daemon=True)

    def start(self) -> None:
        """Begin to look, at once and then every minute."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look that hangs ends with the process."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            self._stopping.wait(self._every_s)

    def _look(self) -> None:
        try:
            state = self._machine.look()
        except Exception:
            if not self._failing:
                log.exception("the machine can't be looked at")
            self._failing = True
            return
        self._failing = False
        if not self._stopping.is_set():
            self._inbox.put(MachineSeen(state=state))
