"""Put what a card reader's driver reports on a thread of its own into the inbox."""

from agent.events import CardTouched, ReaderReady
from agent.inbox import Inbox
from agent.ports import CardReader


class WatchedReader:
    """A card reader that reports to the core. Implements `agent.station.core.EventSource`."""

    def __init__(self, reader: CardReader, name: str, inbox: Inbox) -> None:
        """``name``: as people and facts name it."""
        self._reader = reader
        self._name = name
        self._inbox = inbox

    def start(self) -> None:
        """Begin reading."""
        self._reader.start(touched=self._touched, ready=self._ready)

    def stop(self) -> None:
        """Stop reading; no event comes after this returns."""
        self._reader.stop()

    def _touched(self, uid: str) -> None:
        self._inbox.put(CardTouched(uid=uid, reader=self._name))

    def _ready(self, ready: bool) -> None:
        self._inbox.put(ReaderReady(reader=self._name, ready=ready))
