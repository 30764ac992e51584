"""The person's month in their visit: a page of touches, one of them, and the way to an objection.

A touch is opened by 1 to 5. There 1 objects to it: the person chooses what is wrong and confirms. 6 reports a touch
that is missing: on which day, in which of its windows, and whether it is the arrival or the departure. The agent
writes the request down; only then the screen says that it is recorded.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit, turned
from kiosk_tui.views.months import Ask, ChoiceView, ConfirmView, MonthLineView, MonthView, TakenView
from kiosk_tui.words import months as words_months
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_months import DayWindow, MakeRequest, MonthLine, MonthShown, OpenMonth, RequestTaken

REASONS = ("time", "direction", "not_mine", "missing", "other")
"""What can be wrong with a touch. ``missing`` leads to the report of another touch of that day."""
UNDIRECTED = tuple(reason for reason in REASONS if reason != "direction")
"""With one that was stored without a direction."""
MARKS = ("arrival", "departure")
NO_WINDOW = "outside"
"""The touch is missing in none of the day's windows."""
MISSING_KEY = 6
DAYS_A_PAGE = 6

type Step = Literal["list", "line", "reason", "day", "window", "mark", "confirm", "waiting", "taken"]
type ShownHere = MonthView | MonthLineView | ChoiceView | ConfirmView | TakenView


class MonthKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="month"):
    """How far the person was. The page itself is asked for again."""

    visit: str
    page: int = 0
    step: Step = "list"
    line: MonthLine | None = None
    kind: str = ""
    code: str = ""
    day: str | None = None
    days: tuple[str, ...] = ()
    choice_page: int = 0
    taken: RequestTaken | None = None
    windows: tuple[DayWindow, ...] = ()
    window: DayWindow | None = None


def reasons_of(line: MonthLine | None) -> tuple[str, ...]:
    """Return what can be wrong with a touch."""
    return REASONS if line is not None and line.direction is not None else UNDIRECTED


class MonthPlace:
    """The touches of the visit's person."""

    personal = True
    running = types_digits = False

    def __init__(self, visit: str, *, say: Callable[[ToAgent], None], page: int = 0) -> None:
        self._visit = visit
        self._say = say
        self._shown: MonthShown | None = None
        self._note = ""
        self._taken: RequestTaken | None = None
        self._begin()
        say(OpenMonth(visit=visit, page=page))

    def kept(self) -> MonthKept:
        """Return what this place is made from again.

        Whether a request that waits was recorded nobody knows then: the list shows it.
        """
        page = self._shown.page if self._shown else 0
        if self._step == "waiting":
            return MonthKept(self._visit, page)
        if self._step == "taken":
            return MonthKept(self._visit, page, "taken", taken=self._taken)
        return MonthKept(
            self._visit,
            page,
            self._step,
            self._line,
            self._kind,
            self._code,
            self._day,
            self._days,
            self._page,
            windows=self._windows,
            window=self._window,
        )

    @classmethod
    def again(cls, kept: MonthKept, say: Callable[[ToAgent], None]) -> "MonthPlace":
        """Make the place again."""
        place = cls(kept.visit, say=say, page=kept.page)
        place._step, place._line, place._day, place._page = kept.step, kept.line, kept.day, kept.choice_page
        place._kind, place._code, place._days = kept.kind, kept.code, kept.days
        place._windows, place._window, place._taken = kept.windows, kept.window, kept.taken
        return place

    @classmethod
    def reporting(cls, visit: str, window: DayWindow, *, say: Callable[[ToAgent], None]) -> "MonthPlace":
        """Make the place at the step at which a missing touch of a window is reported."""
        place = cls(visit, say=say)
        place._step, place._day, place._window, place._windows = "mark", window.day, window, (window,)
        return place

    def _begin(self) -> None:
        self._step: Step = "list"
        self._line: MonthLine | None = None
        self._kind = self._code = ""
        self._day: str | None = None
        self._days: tuple[str, ...] = tuple(self._shown.days) if self._shown else ()
        self._windows: tuple[DayWindow, ...] = ()
        """Those of the day."""
        self._window: DayWindow | None = None
        self._page = 0

    def view(self) -> ShownHere:
        """Return the step that the person has reached."""
        if self._step == "taken" and self._taken is not None:
            return TakenView(self._taken)
        if self._step == "line" and self._line is not None:
            return MonthLineView(self._visit, self._line)
        if self._step in ("confirm", "waiting"):
            line = self._line if self._kind == "objection" else None
            window = self._window.window if self._window else ""
            return ConfirmView(self._visit, self._kind, self._code, line, self._day, self._step == "waiting", window)
        match self._step:
            case "reason":
                return self._choice("reason", reasons_of(self._line))
            case "day":
                return self._choice("day", self._days)
            case "window":
                return self._choice("window", (*(str(one.start) for one in self._windows), NO_WINDOW))
            case "mark":
                return self._choice("mark", MARKS)
            case _:
                return MonthView(self._visit, self._shown, self._note)

    def _choice(self, ask: Ask, options: tuple[str, ...]) -> ChoiceView:
        pages = max(1, -(-len(options) // DAYS_A_PAGE))
        page = min(self._page, pages - 1)
        shown = options[page * DAYS_A_PAGE : (page + 1) * DAYS_A_PAGE]
        line = self._line if ask == "reason" else None
        day = self._day if ask in ("window", "mark") else None
        window = self._window.window if self._window and ask == "mark" else ""
        windows = self._windows if ask == "window" else ()
        return ChoiceView(self._visit, ask, shown, page, pages, line, day, windows, window)

    def key(self, key: Key) -> Move:
        """Take a key."""
        match self._step:
            case "list":
                return self._key_on_list(key)
            case "line":
                self._key_on_line(key)
            case "confirm":
                self._key_on_request(key)
            case "taken":
                if key in (BACK, "enter"):
                    self._to_list()
            case "waiting":
                pass
            case _:
                self._choose(key)
        return "stay"

    def _key_on_list(self, key: Key) -> Move:
        number = digit(key)
        if key == BACK:
            return "leave"
        if self._shown is None:
            return "stay"
        if number in (7, 8) and self._shown.pages > 1:
            page = turned(self._shown.page, self._shown.pages, number)
            self._say(OpenMonth(visit=self._visit, page=page))
        elif number == MISSING_KEY:
            self._note = ""
            self._report_missing(None)
        elif number is not None and 1 <= number <= len(self._shown.lines):
            self._note = ""
            self._step, self._line = "line", self._shown.lines[number - 1]
        return "stay"

    def _key_on_line(self, key: Key) -> None:
        assert self._line is not None
        if key in (BACK, "enter"):
            self._begin()
        elif key == "1" and MonthLineView(self._visit, self._line).can_object:
            self._step = "reason"

    def _choose(self, key: Key) -> None:
        view, number = self.view(), digit(key)
        assert isinstance(view, ChoiceView)
        if key == BACK:
            self._step_back()
        elif number in (7, 8) and view.pages > 1:
            self._page = turned(view.page, view.pages, number)
        elif number is not None and 1 <= number <= len(view.options):
            self._chosen(view.options[number - 1])

    def _step_back(self) -> None:
        if self._step == "reason":
            self._step = "line"
        else:
            self._begin()

    def _chosen(self, option: str) -> None:
        match self._step:
            case "reason" if option == "missing":
                self._report_missing(self._line)
            case "reason":
                self._kind, self._code, self._step = "objection", option, "confirm"
            case "day":
                self._choose_window(option)
            case "window":
                self._window = next((one for one in self._windows if str(one.start) == option), None)
                self._step = "mark"
            case _:
                self._kind, self._code, self._step = "correction", option, "confirm"

    def _report_missing(self, beside: MonthLine | None) -> None:
        """Begin to report a missing touch: of the day of a touch, or of a day that is chosen."""
        self._page, self._line, self._day = 0, None, None
        if beside is not None and beside.day is not None and beside.day in self._days:
            self._choose_window(beside.day)
        else:
            # While the station does not know the date, there is no day to choose, and the request names none.
            self._step = "day" if self._days else "mark"

    def _choose_window(self, day: str) -> None:
        """Go on to the windows of a day; on a day off there is none to choose."""
        self._day, self._page, self._window = day, 0, None
        self._windows = tuple(one for one in self._shown.windows if one.day == day) if self._shown else ()
        self._step = "window" if self._windows else "mark"

    def _key_on_request(self, key: Key) -> None:
        if key == BACK:
            self._step = "reason" if self._kind == "objection" else "mark"
        elif key in ("1", "enter"):
            self._step = "waiting"
            line = self._line.line if self._line and self._kind == "objection" else None
            start = self._window.start if self._window else None
            self._say(
                MakeRequest(visit=self._visit, kind=self._kind, code=self._code, line=line, day=self._day, start=start)
            )

    def _to_list(self) -> None:
        page = self._shown.page if self._shown else 0
        self._taken = None
        self._begin()
        self._say(OpenMonth(visit=self._visit, page=page))

    def agent_said(self, message: ToKiosk) -> None:
        """Take a page, a request that was recorded, or why there is none."""
        match message:
            case MonthShown() if message.visit == self._visit:
                self._shown = message
                if self._step == "list":
                    self._days = tuple(message.days)
            case RequestTaken() if message.visit == self._visit and self._step == "waiting":
                self._taken, self._step = message, "taken"
            case Sorry() if self._step == "waiting" and message.refuses(MakeRequest):
                self._note = words_months.sorry(message.reason)
                self._to_list()
            case Sorry() if self._step == "list" and not self._note and message.refuses(OpenMonth):
                self._note = words_months.sorry(message.reason)

    def agent_away(self) -> None:
        """The flow ends the visit."""
