"""Bring an input's callbacks, which come on its own thread, into the inbox."""

import threading

from agent.events import InputChanged, InputFailed
from agent.inbox import Inbox
from agent.ports import Contact, DeviceError

RETRY_S = 30.0
"""Between two tries to have an input that could not be had."""


class WatchedContact:
    """A door contact or motion sensor of which the core hears. Implements `agent.station.core.EventSource`."""

    def __init__(self, contact: Contact, name: str, inbox: Inbox) -> None:
        """``name`` is what people and facts call it."""
        self._contact = contact
        self._name = name
        self._inbox = inbox
        self._stopping = threading.Event()
        self._retrying = threading.Thread(target=self._retry, name=f"input-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch; a contact that can't be watched is said and tried again, and costs nothing else."""
        if not self._begin():
            self._retrying.start()

    def _begin(self) -> bool:
        try:
            self._contact.start(changed=lambda active: self._inbox.put(InputChanged(self._name, active)))
        except DeviceError as error:
            self._inbox.put(InputFailed(self._name, str(error)))
            return False
        return True

    def _retry(self) -> None:
        while not self._stopping.wait(RETRY_S):
            if self._begin():
                return

    def stop(self) -> None:
        """End watching; no event comes after it returns."""
        self._stopping.set()
        if self._retrying.is_alive():
            self._retrying.join()
        self._contact.stop()
