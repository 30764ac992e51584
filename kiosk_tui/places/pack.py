"""A pack: its levels as a ladder, and whether the person chooses it from the menu.

Enter chooses it, and Enter gives it up: the same key undoes what it did.
"""

from dataclasses import replace

import msgspec

from kiosk_tui.places.lesson import Lesson
from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit, turned
from kiosk_tui.views.learning import PackView
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import Home, Sorry, ToKiosk
from protocol.kiosk_learning import MAP_LINES, ChoosePack, LevelOver, OpenLevel, OpenPack, PackLine, PackShown


class PackKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="pack"):
    """Which page of which pack was shown, and what was said there. The page itself is asked for again."""

    pack: str
    visit: str = ""
    page: int = 0
    note: str = ""


class PackPlace:
    """The choice of a level."""

    running = types_digits = False

    def __init__(self, opening: Opening, *, pack: str, visit: str = "", page: int = 0) -> None:
        """
        Args:
            visit: In whose visit it is opened; empty: nobody has said who they are.
            page: Of the levels, from 0.
        """
        self._opening = opening
        self._pack = pack
        self._visit = visit
        self._page = page
        self._shown: PackShown | None = None
        self._note = ""
        self._choosing: bool | None = None
        """What the agent was asked to make of the person's choice."""
        self._asked = self._away = False
        self._ask()

    @classmethod
    def where_it_stands(cls, opening: Opening, line: PackLine, *, visit: str) -> "PackPlace":
        """Open a pack on the page of the level that comes next."""
        page = line.passed // MAP_LINES if line.passed < line.levels else 0
        return cls(opening, pack=line.pack, visit=visit, page=page)

    @property
    def personal(self) -> bool:
        """Whether the stars are one person's."""
        return bool(self._visit)

    def kept(self) -> PackKept:
        """Return what this place is made from again."""
        return PackKept(self._pack, self._visit, self._page, self._note)

    @classmethod
    def again(cls, kept: PackKept, opening: Opening) -> "PackPlace":
        """Make the place again."""
        place = cls(opening, pack=kept.pack, visit=kept.visit, page=kept.page)
        place._note = kept.note
        return place

    def view(self) -> PackView:
        """Return the levels."""
        return PackView(self._visit, self._shown, self._note, self._opening.today)

    def key(self, key: Key) -> Move:
        """Play a level with 1 to 6, choose the pack or give it up with Enter, turn pages with 7 and 8, leave with 0."""
        view, number = self.view(), digit(key)
        if key == BACK:
            return "leave"
        if view.shown is None:
            return "stay"
        self._note = ""
        if key == "enter" and view.chooses is not None:
            self._choosing = view.chooses
            self._opening.say(ChoosePack(visit=self._visit, pack=self._pack, chosen=view.chooses))
        elif number in (7, 8) and view.shown.pages > 1:
            self._page = turned(view.shown.page, view.shown.pages, number)
            self._ask()
        elif number is not None and 1 <= number <= len(view.levels) and not view.enough:
            level = view.levels[number - 1]
            if level.open:
                return Lesson.begin(self._opening, OpenLevel(pack=level.pack, level=level.level), visit=self._visit)
            self._note = words_learning.CLOSED
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take the page, and look again at what a run has changed."""
        match message:
            case Home():
                self._opening = replace(self._opening, home=without_time(message))
                if self._away:
                    self._away = False
                    self._ask()
            case PackShown() if (message.visit, message.pack.pack) == (self._visit, self._pack):
                self._take(message)
            case LevelOver():
                self._ask()
            case Sorry() if self._choosing is not None and message.refuses(ChoosePack):
                self._choosing, self._note = None, words_learning.sorry(message.reason)
            case Sorry() if self._asked and message.refuses(OpenPack):
                self._asked = False
                self._shown, self._note = None, words_learning.no_pack(message.reason)

    def _take(self, shown: PackShown) -> None:
        self._shown, self._page, self._asked = shown, shown.page, False
        if self._choosing is not None:
            # The agent may have found that nothing is to be changed.
            if self._choosing == (shown.pack.part == "chosen"):
                self._note = words_learning.CHOSEN_NOW if self._choosing else words_learning.GIVEN_UP
            self._choosing = None

    def agent_away(self) -> None:
        """What is here stands until it is asked for again."""
        self._away = True

    def _ask(self) -> None:
        self._asked = True
        self._opening.say(OpenPack(visit=self._visit, pack=self._pack, page=self._page))
