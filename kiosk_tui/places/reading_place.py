"""A place with a list from which documents are opened: it shows the list, or the document that somebody reads."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from kiosk_tui.places.place import Move
from kiosk_tui.places.reader import Reader, ReadingKept
from kiosk_tui.places.room import Room
from kiosk_tui.terminal.keys import Key
from kiosk_tui.words import documents as words_documents
from protocol.kiosk import ToAgent, ToKiosk


class ReadingPlace(ABC):
    """What such places share: the reader, and the way back to the list when it is left or its document is gone."""

    def __init__(self, *, say: Callable[[ToAgent], None], room: Room) -> None:
        self._say = say
        self._room = room
        self._note = ""
        """Why the list stands here again."""
        self._reader: Reader | None = None
        self._away = False

    @abstractmethod
    def _key_on_list(self, key: Key) -> Move:
        """Take a key while nothing is read."""

    @abstractmethod
    def _ask(self) -> None:
        """Ask the agent for the list."""

    def key(self, key: Key) -> Move:
        """Read on, or take the key on the list."""
        if self._reader is None:
            return self._key_on_list(key)
        move = self._reader.key(key)
        if move != "leave":
            return move
        self._to_list("")
        return "stay"

    def agent_away(self) -> None:
        """What is here can be read on; what was asked for is asked for again."""
        self._away = True
        if self._reader is not None:
            self._reader.agent_away()

    def _read(self, bundle: str, document: str) -> None:
        self._note = ""
        self._reader = Reader(say=self._say, room=self._room, bundle=bundle, document=document)

    def _reader_said(self, message: ToKiosk) -> None:
        if self._reader is not None:
            self._reader.agent_said(message)
            if self._reader.gone:
                self._to_list(words_documents.gone(self._reader.gone))

    def _to_list(self, note: str) -> None:
        self._reader, self._note = None, note
        self._ask()

    def _kept(self) -> ReadingKept | None:
        return self._reader.kept() if self._reader is not None else None

    def _read_again(self, kept: ReadingKept | None) -> None:
        if kept is not None and kept.documents:
            self._reader = Reader.again(kept, say=self._say, room=self._room)
