"""What can be on the screen of a person's month and requests, as plain values."""

from typing import ClassVar, Literal

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk_months import DayWindow, MonthLine, MonthShown, OwnRequest, RequestsShown, RequestTaken

type Ask = Literal["reason", "day", "window", "mark"]
"""What is chosen by a key: what is wrong with a touch; the day and the window in which one is missing, and which."""


class MonthView(msgspec.Struct, frozen=True):
    """A page of the person's touches. ``shown`` is None while it is asked for, or where ``note`` says why."""

    visit: str
    shown: MonthShown | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The lines that the number keys open now."""
        lines = tuple(line.line for line in self.shown.lines) if self.shown else None
        return ("month", self.visit, lines, self.note)


class MonthLineView(msgspec.Struct, frozen=True):
    """One touch, with what the county has of it."""

    visit: str
    line: MonthLine
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def can_object(self) -> bool:
        """Whether 1 objects to it: an objection that nobody has answered is enough."""
        return self.line.request_state != "open"

    @property
    def face(self) -> Face:
        """This touch."""
        return ("month line", self.visit, self.line.line, self.can_object)


class ChoiceView(msgspec.Struct, frozen=True):
    """Something to choose by a number, on the way to a request. ``line`` is the touch that it is about."""

    visit: str
    ask: Ask
    options: tuple[str, ...]
    page: int
    pages: int
    line: MonthLine | None
    day: str | None
    windows: tuple[DayWindow, ...] = ()
    """Of what is chosen, if it is a window."""
    window: str = ""
    """The window that was chosen before."""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """What the number keys choose now."""
        return ("choice", self.visit, self.ask, self.options)


class ConfirmView(msgspec.Struct, frozen=True):
    """A request before it is made. With ``waiting`` the agent writes it down."""

    visit: str
    kind: str
    code: str
    line: MonthLine | None
    day: str | None
    waiting: bool
    window: str = ""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This request."""
        number = self.line.line if self.line else None
        return ("confirm", self.visit, self.kind, self.code, number, self.day, self.window, self.waiting)


class TakenView(msgspec.Struct, frozen=True):
    """A request, or its withdrawal, is on the disk."""

    taken: RequestTaken
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This request."""
        return ("taken", self.taken.visit, self.taken.number, self.taken.state)


class RequestsView(msgspec.Struct, frozen=True):
    """A page of the person's requests. ``shown`` is None while it is asked for, or where ``note`` says why."""

    visit: str
    shown: RequestsShown | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The requests that the number keys open now."""
        names = tuple(one.request for one in self.shown.requests) if self.shown else None
        return ("requests", self.visit, names, self.note)


def may_take_back(one: OwnRequest) -> bool:
    """Tell whether the person may take a request back. An earlier agent says so only by its state."""
    return one.may_take_back or one.state == "open"


class RequestView(msgspec.Struct, frozen=True):
    """One request with its answer. With ``withdrawing`` it is asked whether to take it back."""

    visit: str
    request: OwnRequest
    withdrawing: bool
    waiting: bool
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This request, and what is asked of it."""
        return ("request", self.visit, self.request.request, self.request.state, self.withdrawing, self.waiting)


type OwnView = MonthView | MonthLineView | ChoiceView | ConfirmView | TakenView | RequestsView | RequestView
