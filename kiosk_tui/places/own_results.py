"""What the person's windows came to, in their visit: a page of them, one with why, and the way to a report.

A line opens by 1 to 5. There 1 reports a touch of that window that is missing, where this station takes such a report.
6 leads to the touches.
"""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.own_month import MonthPlace
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit, turned
from kiosk_tui.views.results import ResultsView, ResultView
from kiosk_tui.words import months as words_months
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_months import DayWindow, OpenResults, RequestTaken, ResultLine, ResultsShown

TOUCHES_KEY = 6


class ResultsKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="results"):
    """How far the person was. The page itself is asked for again."""

    visit: str
    page: int = 0
    line: ResultLine | None = None


class ResultsPlace:
    """The results of the visit's person."""

    personal = True
    running = types_digits = False

    def __init__(self, visit: str, *, say: Callable[[ToAgent], None], page: int = 0) -> None:
        self._visit = visit
        self._say = say
        self._shown: ResultsShown | None = None
        self._line: ResultLine | None = None
        self._note = ""
        say(OpenResults(visit=visit, page=page))

    def kept(self) -> ResultsKept:
        """Return what this place is made from again."""
        return ResultsKept(self._visit, self._shown.page if self._shown else 0, self._line)

    @classmethod
    def again(cls, kept: ResultsKept, say: Callable[[ToAgent], None]) -> "ResultsPlace":
        """Make the place again."""
        place = cls(kept.visit, say=say, page=kept.page)
        place._line = kept.line
        return place

    def view(self) -> ResultsView | ResultView:
        """Return the list, or the one that was opened."""
        if self._line is not None:
            return ResultView(self._visit, self._line)
        return ResultsView(self._visit, self._shown, self._note)

    def key(self, key: Key) -> Move:
        """Take a key."""
        return self._key_on_line(key) if self._line is not None else self._key_on_list(key)

    def _key_on_list(self, key: Key) -> Move:
        number = digit(key)
        if key == BACK:
            return "leave"
        if number == TOUCHES_KEY:
            return MonthPlace(self._visit, say=self._say)
        if number is None or self._shown is None:
            return "stay"
        if number in (7, 8) and self._shown.pages > 1:
            page = turned(self._shown.page, self._shown.pages, number)
            self._say(OpenResults(visit=self._visit, page=page))
        elif 1 <= number <= len(self._shown.lines):
            self._line = self._shown.lines[number - 1]
        return "stay"

    def _key_on_line(self, key: Key) -> Move:
        line = self._line
        assert line is not None
        if key in (BACK, "enter"):
            self._line = None
        elif key == "1" and ResultView(self._visit, line).can_report:
            self._line = None
            window = DayWindow(day=line.day, start=line.start, end=line.end or line.start, window=line.window)
            return MonthPlace.reporting(self._visit, window, say=self._say)
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take a page, or why there is none. What was reported of a window may have changed it."""
        match message:
            case ResultsShown() if message.visit == self._visit:
                self._shown, self._note = message, ""
            case RequestTaken() if message.visit == self._visit:
                # Whoever comes back from there sees the report beside the window.
                self._say(OpenResults(visit=self._visit, page=self._shown.page if self._shown else 0))
            case Sorry() if message.refuses(OpenResults):
                self._note = words_months.sorry(message.reason)

    def agent_away(self) -> None:
        """The flow ends the visit."""
