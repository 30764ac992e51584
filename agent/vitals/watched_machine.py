"""Look at the machine every minute, on a thread of its own, because reading a file or running a program may hang."""

import logging
import threading

from agent.events import MachineSeen
from agent.inbox import Inbox
from agent.ports import HostMachine

log = logging.getLogger(__name__)

EVERY_S = 60.0
_STOP_S = 1.0


class WatchedMachine:
    """A machine that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, machine: HostMachine, inbox: Inbox, *, every_s: float = EVERY_S) -> None:
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
        """Stop looking. A look that hangs is not waited for; it ends with the process."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                state = self._machine.look()
            except Exception:
                # A fault costs the looks, and is logged once. The thread goes on, because nobody would start it again.
                if not self._failing:
                    log.exception("the machine can't be looked at")
                self._failing = True
            else:
                self._failing = False
                if not self._stopping.is_set():
                    self._inbox.put(MachineSeen(state=state))
            self._stopping.wait(self._every_s)
