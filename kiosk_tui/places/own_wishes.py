"""Where a person asks for something of their own: what, how long, who takes it over, and one key that submits it.

What is chosen often stands first, so that leave today takes three keys. Whoever is asked to take a window over reads
that first and answers with one key. The agent writes each down; only then the screen says that it is recorded.
"""

from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from kiosk_tui.places.own_month import MonthPlace
from kiosk_tui.places.place import Move, taken_back
from kiosk_tui.terminal.keys import BACK, HELD, Key, digit, turned
from kiosk_tui.views.months import TakenView
from kiosk_tui.views.wishes import SwapAskedView, Wish, WishOpeningView, WishStep, WishView
from kiosk_tui.words import wishes as words_wishes
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_months import DayWindow, RequestTaken
from protocol.kiosk_requests import Agree, AskFor, AskingShown, Colleague, OpenAsking

WISHES = (
    *("personal", "sick", "annual", "field_duty", "swap", "leave_ended"),
    *("residency", "correction", "card_lost", "compensatory", "marriage", "maternity"),
    *("paternity", "bereavement", "injury", "home_visit", "nursing"),
)
"""What can be asked for, the more usual first. What is no kind of request is a kind of leave."""
KINDS = ("field_duty", "residency", "swap", "leave_ended", "card_lost", "correction")
LENGTHS = ("today", "morning", "afternoon", "tomorrow", "after", "dates")
HALVES_OF_A_DAY = ("whole", "from_noon", "until_noon")
HALVES_OF_MANY = (*HALVES_OF_A_DAY, "both")
A_PAGE = 6
_BACK_DAYS, _YEAR = timedelta(days=100), timedelta(days=366)
_DAY = timedelta(days=1)


class WishKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="wish"):
    """How far the person was. What can be asked for is asked again, and figures of a day are typed again."""

    visit: str
    step: WishStep = "kind"
    wish: Wish = Wish()
    page: int = 0
    later: int = 0
    taken: RequestTaken | None = None


class WishPlace:
    """What the person of the visit asks for."""

    personal = True
    running = False

    def __init__(self, visit: str, *, say: Callable[[ToAgent], None]) -> None:
        self._visit = visit
        self._say = say
        self._shown: AskingShown | None = None
        self._taken: RequestTaken | None = None
        self._answering = False
        self._later = 0
        """So many of the swaps that others ask for were put off."""
        self._begin()
        say(OpenAsking(visit=visit))

    def _begin(self, note: str = "") -> None:
        self._step: WishStep = "kind"
        self._wish = Wish()
        self._page = 0
        self._typed, self._note = "", note

    def kept(self) -> WishKept:
        """Return what this place is made from again. Whether what waits was recorded the list of requests shows."""
        if self._step == "waiting":
            return WishKept(self._visit, later=self._later, taken=self._taken)
        return WishKept(self._visit, self._step, self._wish, self._page, self._later, self._taken)

    @classmethod
    def again(cls, kept: WishKept, say: Callable[[ToAgent], None]) -> "WishPlace":
        """Make the place again."""
        place = cls(kept.visit, say=say)
        place._step, place._wish, place._page = kept.step, kept.wish, kept.page
        place._later, place._taken = kept.later, kept.taken
        return place

    @property
    def types_digits(self) -> bool:
        """Whether a day is typed."""
        return self._taken is None and self._shown is not None and self._step in ("first", "last")

    def view(self) -> WishView | SwapAskedView | WishOpeningView | TakenView:
        """Return the step that the person has reached."""
        if self._taken is not None:
            return TakenView(self._taken)
        if self._shown is None:
            return WishOpeningView(self._visit, self._note)
        if (swaps := self._shown.swaps[self._later :]) and self._step == "kind":
            return SwapAskedView(self._visit, swaps[0], len(swaps) - 1, self._answering, self._note)
        return self._of_step(self._shown)

    def _of_step(self, shown: AskingShown) -> WishView:
        options = self._options(shown)
        pages = max(1, -(-len(options) // A_PAGE))
        page = min(self._page, pages - 1)
        here = slice(page * A_PAGE, (page + 1) * A_PAGE)
        return WishView(
            self._visit,
            self._step,
            self._wish,
            options[here],
            page,
            pages,
            self._typed,
            self._note,
            shown.today,
            tuple(shown.turns[here]) if self._step == "turn" else (),
            tuple(self._free(shown)[here]) if self._step == "who" else (),
        )

    def _free(self, shown: AskingShown) -> list[Colleague]:
        """Return who can take over the window that was chosen."""
        return free_for(shown, self._wish.turn)

    def _options(self, shown: AskingShown) -> tuple[str, ...]:
        match self._step:
            case "kind":
                return WISHES
            case "length":
                return LENGTHS
            case "half":
                return HALVES_OF_A_DAY if self._wish.first == self._wish.last else HALVES_OF_MANY
            case "turn":
                return tuple(f"{one.day}:{one.start}" for one in shown.turns)
            case "who":
                return tuple(one.person for one in self._free(shown))
            case _:
                return ()

    def key(self, key: Key) -> Move:
        """Take a key."""
        view = self.view()
        match view:
            case TakenView():
                if key in (BACK, "enter"):
                    self._taken = None
                    return "leave"
            case WishOpeningView():
                return "leave" if key == BACK else "stay"
            case SwapAskedView():
                self._key_on_swap(view, key)
            case WishView(step="first" | "last"):
                self._type(view, key)
            case WishView(step="confirm"):
                self._key_on_wish(key)
            case WishView(step="waiting"):
                pass
            case _:
                return self._choose(view, key)
        return "stay"

    def _key_on_swap(self, view: SwapAskedView, key: Key) -> None:
        if view.waiting:
            return
        if key in ("1", "2"):
            self._answering, self._note = True, ""
            self._say(Agree(visit=self._visit, request=view.swap.request, agrees=key == "1"))
        elif key == BACK:
            self._later, self._note = self._later + 1, ""

    def _choose(self, view: WishView, key: Key) -> Move:
        number = digit(key)
        if key == BACK:
            if self._step == "kind":
                return "leave"
            self._begin()
        elif number in (7, 8) and view.pages > 1:
            self._page = turned(view.page, view.pages, number)
        elif number is not None and 1 <= number <= len(view.options):
            self._note = ""
            return self._chosen(view, number - 1)
        return "stay"

    def _chosen(self, view: WishView, place: int) -> Move:
        option = view.options[place]
        match self._step:
            case "kind":
                return self._choose_kind(option)
            case "length":
                self._choose_length(option)
            case "half":
                noons = (option in ("from_noon", "both"), option in ("until_noon", "both"))
                self._go("confirm", from_noon=noons[0], until_noon=noons[1])
            case "turn":
                self._choose_turn(view.turns[place])
            case _:
                self._go("confirm", whom=view.people[place])
        return "stay"

    def _choose_kind(self, option: str) -> Move:
        assert self._shown is not None
        kind, code = (option, None) if option in KINDS else ("leave", option)
        if kind == "correction":
            return MonthPlace(self._visit, say=self._say)
        if kind == "swap":
            if self._shown.turns and self._shown.people:
                self._go("turn", kind=kind)
            else:
                self._note = words_wishes.NO_TURN if self._shown.today else words_wishes.SORRY["no_time"]
        elif kind in ("leave_ended", "card_lost"):
            self._go("confirm", kind=kind)
        else:
            # Where nobody knows what day it is, today is no day.
            self._go("length" if self._shown.today else "first", kind=kind, code=code)
        return "stay"

    def _choose_turn(self, turn: DayWindow) -> None:
        assert self._shown is not None
        if free_for(self._shown, turn):
            self._go("who", turn=turn, first=turn.day)
        else:
            self._note = words_wishes.NOBODY_FREE

    def _choose_length(self, option: str) -> None:
        assert self._shown is not None
        assert self._shown.today is not None
        if option == "dates":
            self._go("first")
            return
        ahead = {"tomorrow": 1, "after": 2}.get(option, 0)
        day = (date.fromisoformat(self._shown.today) + ahead * _DAY).isoformat()
        noons = {"from_noon": option == "afternoon", "until_noon": option == "morning"}
        self._go("confirm", first=day, last=day, **noons)

    def _go(self, step: WishStep, **changes: object) -> None:
        self._wish = msgspec.structs.replace(self._wish, **changes)
        self._step, self._page, self._typed, self._note = step, 0, "", ""

    def _type(self, view: WishView, key: Key) -> None:
        if key in (HELD, "repeat"):
            left = taken_back(self._typed, key)
            if left is None:
                self._begin()
            else:
                self._typed = left
        elif key == "enter":
            self._typed_day(view)
        elif digit(key) is not None and len(self._typed) < figures_of(view.today):
            self._typed, self._note = self._typed + key, ""

    def _typed_day(self, view: WishView) -> None:
        if self._step == "last" and not self._typed:
            # The same day.
            self._go("half", last=self._wish.first)
            return
        least = self._wish.first if self._step == "last" else ""
        day = day_typed(self._typed, today=view.today, since=least)
        if day is None:
            self._note, self._typed = words_wishes.no_such_day(figures_of(view.today)), ""
        elif day < least:
            self._note, self._typed = words_wishes.SORRY["ends_before"], ""
        elif self._step == "first":
            self._go("last", first=day)
        else:
            self._go("half", last=day)

    def _key_on_wish(self, key: Key) -> None:
        if key == BACK:
            self._begin()
        elif key in ("1", "enter"):
            self._step = "waiting"
            wish = self._wish
            self._say(
                AskFor(
                    visit=self._visit,
                    kind=wish.kind,
                    code=wish.code,
                    first=wish.first or None,
                    last=wish.last or None,
                    from_noon=wish.from_noon,
                    until_noon=wish.until_noon,
                    start=wish.turn.start if wish.turn else None,
                    substitute=wish.whom.person if wish.whom else "",
                )
            )

    def agent_said(self, message: ToKiosk) -> None:
        """Take what can be asked for, what was recorded, or why it was not."""
        match message:
            case AskingShown() if message.visit == self._visit:
                self._shown = message
            case RequestTaken() if message.visit == self._visit and (self._answering or self._step == "waiting"):
                self._taken, self._answering = message, False
            case Sorry() if self._answering and message.refuses(Agree):
                self._answering = False
                self._note = words_wishes.sorry(message.reason)
            case Sorry() if self._step == "waiting" and message.refuses(AskFor):
                self._begin(words_wishes.sorry(message.reason))
            case Sorry() if self._shown is None and message.refuses(OpenAsking):
                self._note = words_wishes.sorry(message.reason)

    def agent_away(self) -> None:
        """The flow ends the visit."""


def free_for(shown: AskingShown, turn: DayWindow | None) -> list[Colleague]:
    """Return the colleagues who can take a window over, as far as the station knows."""
    place = shown.turns.index(turn) if turn is not None and turn in shown.turns else -1
    return [one for one in shown.people if place not in one.not_for]


def figures_of(today: str | None) -> int:
    """Return how many figures a day has: month and day, and the year where nobody knows which one it is."""
    return 4 if today else 8


def day_typed(typed: str, *, today: str | None, since: str) -> str | None:
    """Return the day that was typed; None if there is no such day.

    Args:
        today: Without a year the day lies at most a hundred days back and less than a year ahead of it.
        since: The day on which it begins, where a last day is typed: then it is the first such day from there on.
    """
    if len(typed) != figures_of(today):
        return None
    if today is None:
        return _day(int(typed[:4]), typed[4:])
    first = date.fromisoformat(since) if since else date.fromisoformat(today) - _BACK_DAYS
    found = (_day(year, typed) for year in (first.year, first.year + 1))
    return next((day for day in found if day is not None and str(first) <= day < str(first + _YEAR)), None)


def _day(year: int, month_and_day: str) -> str | None:
    try:
        return date(year, int(month_and_day[:2]), int(month_and_day[2:])).isoformat()
    except ValueError:
        return None
