"""What can be on the screen of what a person's windows came to, as plain values."""

from typing import ClassVar

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk_months import ResultLine, ResultsShown


class ResultsView(msgspec.Struct, frozen=True):
    """A page of windows. ``shown`` is None while it is asked for, or where ``note`` says why."""

    visit: str
    shown: ResultsShown | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The windows that the number keys open now."""
        lines = tuple((line.day, line.start) for line in self.shown.lines) if self.shown else None
        return ("results", self.visit, lines, self.note)


class ResultView(msgspec.Struct, frozen=True):
    """One window, with why it came to its result."""

    visit: str
    line: ResultLine
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def can_report(self) -> bool:
        """Whether 1 reports a touch that is missing: a report that nobody has answered is enough."""
        return self.line.may_report and self.line.request_state != "open"

    @property
    def face(self) -> Face:
        """This window."""
        return ("result", self.visit, self.line.day, self.line.start, self.can_report)


type OfResults = ResultsView | ResultView
