"""The map of learning: the packs, a page of six, and above them the wrong book and what was corrected.

In a visit it is the person's. Without one anybody plays, and the stars are the station's.
"""

from dataclasses import replace

import msgspec

from kiosk_tui.places.lesson import Lesson
from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.pack import PackPlace
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit, turned
from kiosk_tui.views.learning import AmendedView, MapView
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import Home, Sorry, ToKiosk
from protocol.kiosk_learning import Amended, LevelOver, MapShown, OpenMap, OpenReview, PackShown


class MapKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="map"):
    """Which page was shown, and which corrections were not confirmed. The page itself is asked for again."""

    visit: str = ""
    page: int = 0
    amended: tuple[Amended, ...] = ()


class MapPlace:
    """The choice of a pack."""

    running = types_digits = False

    def __init__(
        self, opening: Opening, *, visit: str = "", page: int = 0, amended: list[Amended] | None = None
    ) -> None:
        """
        Args:
            visit: In whose visit it is opened; empty: nobody has said who they are.
            amended: Corrections that the person of the visit has not confirmed. The agent tells each once.
        """
        self._opening = opening
        self._visit = visit
        self._page = page
        self._amended = [] if amended is None else amended
        self._shown: MapShown | None = None
        self._note = ""
        self._asked = self._away = False
        self._ask()

    @property
    def personal(self) -> bool:
        """Whether the stars are one person's."""
        return bool(self._visit)

    def kept(self) -> MapKept:
        """Return what this place is made from again."""
        return MapKept(self._visit, self._page, tuple(self._amended))

    @classmethod
    def again(cls, kept: MapKept, opening: Opening) -> "MapPlace":
        """Make the place again."""
        return cls(opening, visit=kept.visit, page=kept.page, amended=list(kept.amended))

    def view(self) -> MapView | AmendedView:
        """Return the packs, or first a correction that the person has not confirmed."""
        if self._amended:
            return AmendedView(self._visit, self._amended[0], len(self._amended) - 1)
        return MapView(self._visit, self._shown, self._opening.home.learning, self._note, self._opening.today)

    def key(self, key: Key) -> Move:
        """Open a pack with 1 to 6, the wrong book with Enter, turn pages with 7 and 8, leave with 0."""
        if key == BACK:
            return "leave"
        view = self.view()
        if isinstance(view, AmendedView):
            if key == "enter":
                self._amended.remove(view.amended)
            return "stay"
        return self._choose(view, key)

    def _choose(self, view: MapView, key: Key) -> Move:
        number = digit(key)
        if view.shown is None:
            return "stay"
        if key == "enter" and view.reviews:
            return Lesson.begin(self._opening, OpenReview(visit=self._visit), visit=self._visit)
        if number in (7, 8) and view.shown.pages > 1:
            self._page = turned(view.shown.page, view.shown.pages, number)
            self._ask()
        elif number is not None and 1 <= number <= len(view.packs):
            return PackPlace.where_it_stands(self._opening, view.packs[number - 1], visit=self._visit)
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take the page, and look again at what a run or a choice has changed."""
        match message:
            case Home():
                came, back = message.learning and not self._opening.home.learning, self._away
                self._opening = replace(self._opening, home=without_time(message))
                if came or back:
                    self._away = False
                    self._ask()
            case MapShown() if message.visit == self._visit:
                self._shown, self._page = msgspec.structs.replace(message, amended=[]), message.page
                self._asked, self._note = False, ""
                self._amended += message.amended
            case PackShown() if message.visit == self._visit and self._is_otherwise(message):
                self._ask()
            case LevelOver():
                self._ask()
            case Sorry() if self._asked and message.refuses(OpenMap):
                self._asked, self._note = False, words_learning.sorry(message.reason)

    def _is_otherwise(self, message: PackShown) -> bool:
        packs = [] if self._shown is None else self._shown.packs
        return any(one.pack == message.pack.pack and one != message.pack for one in packs)

    def agent_away(self) -> None:
        """What is here stands until it is asked for again."""
        self._away = True

    def _ask(self) -> None:
        if self._opening.home.learning or self._visit:
            self._asked = True
            self._opening.say(OpenMap(visit=self._visit, page=self._page))
