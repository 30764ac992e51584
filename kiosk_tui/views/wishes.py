"""What can be on the screen while somebody asks for something of their own, as plain values."""

from typing import ClassVar, Literal

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk_months import DayWindow
from protocol.kiosk_requests import Colleague, SwapAsked

type WishStep = Literal["kind", "length", "first", "last", "half", "turn", "who", "confirm", "waiting"]


class Wish(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the person has chosen so far."""

    kind: str = ""
    code: str | None = None
    first: str = ""
    last: str = ""
    from_noon: bool = False
    until_noon: bool = False
    turn: DayWindow | None = None
    whom: Colleague | None = None


class WishView(msgspec.Struct, frozen=True):
    """One step on the way to a request. ``options`` are codes, and ``typed`` are the figures of a day."""

    visit: str
    step: WishStep
    wish: Wish
    options: tuple[str, ...] = ()
    page: int = 0
    pages: int = 1
    typed: str = ""
    note: str = ""
    today: str | None = None
    """None: nobody knows what day it is, and days are typed with their year."""
    turns: tuple[DayWindow, ...] = ()
    people: tuple[Colleague, ...] = ()
    """Of what is chosen, if it is a window or a person: as many as ``options``."""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def of_a_day(self) -> bool:
        """Whether all that was chosen lies on one day."""
        return self.wish.first == self.wish.last

    @property
    def face(self) -> Face:
        """What the keys choose now. Figures of one day are one face."""
        return ("wish", self.visit, self.step, self.options, self.wish, self.note)


class SwapAskedView(msgspec.Struct, frozen=True):
    """A window that somebody wants the person to take over."""

    visit: str
    swap: SwapAsked
    more: int
    """How many others there are."""
    waiting: bool = False
    note: str = ""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This swap."""
        return ("swap asked", self.visit, self.swap.request, self.waiting, self.note)


class WishOpeningView(msgspec.Struct, frozen=True):
    """It is being asked what can be asked for, or ``note`` says why nothing can."""

    visit: str
    note: str = ""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This visit."""
        return ("wishes opening", self.visit, self.note)


type AskingView = WishView | SwapAskedView | WishOpeningView
