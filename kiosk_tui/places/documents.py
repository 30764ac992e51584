"""公示: the list of the documents on the shelf, and the one that somebody reads."""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.opening import Opening
from kiosk_tui.places.place import Move
from kiosk_tui.places.reader import ReadingKept
from kiosk_tui.places.reading_place import ReadingPlace
from kiosk_tui.places.room import Room
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.reading import DocumentsView, ShelfView
from protocol.kiosk import Home, ToAgent, ToKiosk
from protocol.kiosk_documents import SHELF_PAGE, OpenShelf, ShelfShown


class DocumentsKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="documents"):
    """What this place is made from again."""

    what: str
    start: int = 0
    reading: ReadingKept | None = None


class Documents(ReadingPlace):
    """The place of everything that the county publishes to be read."""

    personal = running = types_digits = False

    def __init__(self, *, say: Callable[[ToAgent], None], room: Room, what: str = "all", start: int = 0) -> None:
        """
        Args:
            what: A kind of bundle, or ``all``.
            start: The first document of the list's page, from 0.
        """
        super().__init__(say=say, room=room)
        self._what = what
        self._shown: ShelfShown | None = None
        self._start = start
        self._ask()

    def kept(self) -> DocumentsKept:
        """Return what this place is made from again."""
        return DocumentsKept(self._what, self._start, self._kept())

    @classmethod
    def again(cls, kept: DocumentsKept, opening: Opening) -> "Documents":
        """Make the place again; what it shows is asked for anew."""
        place = cls(say=opening.say, room=opening.room, what=kept.what, start=kept.start)
        place._read_again(kept.reading)
        return place

    def view(self) -> DocumentsView:
        """Return what is to be shown now."""
        if self._reader is not None:
            return self._reader.view()
        return ShelfView(self._shown, self._note)

    def _key_on_list(self, key: Key) -> Move:
        """Open a document with 1 to 6, turn pages with 7, 8 and Enter, go back with 0."""
        if key == BACK:
            return "leave"
        number = digit(key)
        if self._shown is None:
            return "stay"
        if number in (7, 8) or key == "enter":
            self._turn(-1 if number == 7 else 1, self._shown.total)
        elif number is not None and 1 <= number <= len(self._shown.entries):
            entry = self._shown.entries[number - 1]
            self._read(entry.bundle, entry.document)
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take the list, and what concerns the document that is read."""
        if isinstance(message, ShelfShown) and (message.what, message.start) == (self._what, self._start):
            self._shown = message
            if not message.entries and self._start:
                # The county has taken so many away that this page is no more.
                self._start = 0
                self._ask()
        if isinstance(message, Home) and self._away:
            self._away = False
            self._ask()
        self._reader_said(message)

    def _turn(self, step: int, total: int) -> None:
        pages = max(1, -(-total // SHELF_PAGE))
        start = (self._start // SHELF_PAGE + step) % pages * SHELF_PAGE
        if start != self._start:
            self._start, self._note = start, ""
            self._ask()

    def _ask(self) -> None:
        self._say(OpenShelf(what=self._what, start=self._start))
