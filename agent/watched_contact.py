"""Bring an input's callbacks, which come on its own thread, into the inbox."""

from agent.events import InputChanged, InputFailed
from agent.inbox import Inbox
from agent.ports import Contact, DeviceError


class WatchedContact:
    """A door contact or motion sensor of which the core hears. Implements `agent.core.Device`."""

    def __init__(self, contact: Contact, name: str, inbox: Inbox) -> None:
        """``name`` is what people and facts call it."""
        self._contact = contact
        self._name = name
        self._inbox = inbox

    def start(self) -> None:
        """Begin to watch; a contact that can't be watched is said, and costs nothing else."""
        try:
            self._contact.start(changed=lambda active: self._inbox.put(InputChanged(self._name, active)))
        except DeviceError as error:
            self._inbox.put(InputFailed(self._name, str(error)))

    def stop(self) -> None:
        """End watching; no event comes after it returns."""
        self._contact.stop()
