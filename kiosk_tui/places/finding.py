"""查找: somebody types keypad letters, sees what begins to fit, and then chooses from it. Before the first letter
stands what is newest, for whoever knows no letters.

A digit can't both type and choose. So digits type until Enter, and choose after it; 0 leads back to typing.
"""

from dataclasses import replace

import msgspec

from kiosk_tui.places.notices import NoticePlace
from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.pack import PackPlace
from kiosk_tui.places.place import Move, taken_back
from kiosk_tui.places.reader import ReadingKept
from kiosk_tui.places.reading_place import ReadingPlace
from kiosk_tui.terminal.keys import BACK, HELD, Key, digit
from kiosk_tui.views.reading import DocumentView, FindView
from protocol.kiosk import Home, ToKiosk
from protocol.kiosk_find import MAX_SEARCH_DIGITS, Found, Hit, Search
from protocol.kiosk_notices import NoticeLine


class FindKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="find"):
    """What was typed, and the page from which something was chosen, or None while it was still typed."""

    typed: str = ""
    page: int | None = None
    reading: ReadingKept | None = None


class FindPlace(ReadingPlace):
    """The place where people look for something by its letters."""

    personal = running = False

    def __init__(self, opening: Opening, *, typed: str = "") -> None:
        super().__init__(say=opening.say, room=opening.room)
        self._opening = opening
        self._typed = typed
        self._found: Found | None = None
        self._page: int | None = None
        """None while digits type."""
        self._ask()

    @property
    def types_digits(self) -> bool:
        """Whether digits are letters now."""
        return self._page is None

    def kept(self) -> FindKept:
        """Return what this place is made from again."""
        return FindKept(self._typed, self._page, self._kept())

    @classmethod
    def again(cls, kept: FindKept, opening: Opening) -> "FindPlace":
        """Make the place again. What fits is asked for anew."""
        place = cls(opening, typed=kept.typed[:MAX_SEARCH_DIGITS])
        place._page = kept.page
        place._read_again(kept.reading)
        return place

    def view(self) -> FindView | DocumentView:
        """Return what was typed with what fits, or the document that was chosen from it."""
        if self._reader is not None:
            return self._reader.view()
        return FindView(self._typed, self._found, self._page, self._note)

    def _key_on_list(self, key: Key) -> Move:
        """Type or choose, as it is the turn."""
        return self._type(key) if self._page is None else self._choose(key, self._page)

    def _type(self, key: Key) -> Move:
        """Take a letter, take one back with `*` or leave by holding it, go to what fits with Enter. Before the first
        letter 0 leads back."""
        if key == "enter":
            # What is on the screen may still be what fitted before the last letter.
            if self._found is not None and self._found.digits == self._typed and self._found.hits:
                self._page = 0
            return "stay"
        if key in (HELD, "repeat"):
            left = taken_back(self._typed, key)
            if left is None:
                return "leave"
            self._typed = left
        elif key == BACK and not self._typed:
            return "leave"
        elif digit(key) is None or len(self._typed) == MAX_SEARCH_DIGITS:
            return "stay"
        else:
            self._typed += key
        self._note = ""
        self._ask()
        return "stay"

    def _choose(self, key: Key, page: int) -> Move:
        """Open what stands beside the number, turn pages, or go back to typing with 0."""
        view, number = self.view(), digit(key)
        assert isinstance(view, FindView)
        if key == BACK:
            self._page, self._note = None, ""
        elif key == "enter" or number in (7, 8):
            self._page = (page + (-1 if number == 7 else 1)) % view.pages
        elif number is not None and 1 <= number <= len(view.shown):
            self._note = ""
            return self._open(view.shown[number - 1])
        return "stay"

    def _open(self, hit: Hit) -> Move:
        match hit.kind:
            case "notices":
                return NoticePlace(NoticeLine(id=hit.of, line=hit.title), say=self._say)
            case "questions":
                return PackPlace(self._opening, pack=hit.bundle)
            case _:
                self._read(hit.bundle, hit.of)
                return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what fits, and what concerns the document that is read."""
        if isinstance(message, Found) and message.digits == self._typed:
            self._found = message
            if self._page is not None:
                # The county may have taken away what stood on the last page, or all of it.
                self._page = min(self._page, FindView(self._typed, message, self._page, "").pages - 1)
        elif isinstance(message, Home):
            self._opening = replace(self._opening, home=without_time(message))
            if self._away or (self._found is not None and not self._found.ready):
                self._away = False
                self._ask()
        self._reader_said(message)

    def _ask(self) -> None:
        if not self._typed:
            self._found = None
        self._say(Search(digits=self._typed))
