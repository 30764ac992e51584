"""Judge and derive PINs on a thread of their own: it takes tenths of a second, and cards must not wait for it."""

import logging
import secrets
import threading
from collections.abc import Callable

from agent.events import PinWorked
from agent.inbox import Inbox
from protocol.pins import PinVerifier, derive_verifier, is_pin

log = logging.getLogger(__name__)

type Done = Callable[[PinWorked], None]


class PinWork:
    """Does one job at a time. Used on the core thread; only the job itself runs on another one."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._job = 0
        self._done: Done | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._done is not None

    def judge(self, verifier: PinVerifier, pin: str, done: Done) -> None:
        """Judge a PIN, and call ``done`` on the core thread. Only when not `busy`."""
        self._start(lambda job: PinWorked(job, right=is_pin(verifier, pin)), done)

    def derive(self, pin: str, done: Done) -> None:
        """Derive the verifier of a new PIN, and call ``done`` on the core thread. Only when not `busy`."""
        self._start(lambda job: PinWorked(job, verifier=derive_verifier(pin, salt=secrets.token_bytes(16))), done)

    def worked(self, event: PinWorked) -> None:
        """Take the outcome of a job."""
        if event.job == self._job and self._done is not None:
            done, self._done = self._done, None
            done(event)

    def _start(self, work: Callable[[int], PinWorked], done: Done) -> None:
        assert not self.busy
        self._job += 1
        self._done = done
        threading.Thread(target=self._run, args=(work, self._job), name="pin-work", daemon=True).start()

    def _run(self, work: Callable[[int], PinWorked], job: int) -> None:
        try:
            self._inbox.put(work(job))
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            # Never the error's text: it might quote what was typed.
            self._inbox.put(PinWorked(job, problem=type(error).__name__))
