"""Put the changes of an input, which its driver reports on a thread of its own, into the inbox."""

import threading

from agent.events import InputChanged, InputFailed
from agent.inbox import Inbox
from agent.ports import Contact, DeviceError

RETRY_S = 30.0
"""Between two tries to watch an input that could not be watched."""


class WatchedContact:
    """A door contact or motion sensor that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, contact: Contact, name: str, inbox: Inbox) -> None:
        """``name``: as people and facts name it."""
        self._contact = contact
        self._name = name
        self._inbox = inbox
        self._stopping = threading.Event()
        self._retrying = threading.Thread(target=self._retry, name=f"input-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch. If this fails, the core is told, and it is tried again until it works or `stop`."""
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
        """Stop watching; no event comes after this returns."""
        self._stopping.set()
        if self._retrying.is_alive():
            self._retrying.join()
        self._contact.stop()
