"""A visit: the place that stands where home was, for one person, and what they open of their own.

All of it is dropped when the visit ends: by 0, by time, by another card, or with the agent.
"""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.asking import Questions
from kiosk_tui.places.entry import NewPin
from kiosk_tui.places.learning_map import MapPlace
from kiosk_tui.places.opening import Opening
from kiosk_tui.places.own_meeting import OwnMeeting
from kiosk_tui.places.own_month import MonthPlace
from kiosk_tui.places.own_requests import RequestsPlace
from kiosk_tui.places.own_results import ResultsPlace
from kiosk_tui.places.own_wishes import WishPlace
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.common import PhoneView, VisitView
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_learning import Amended
from protocol.kiosk_visits import ClockByNumber, PhoneCode, ShowPhoneCode, VisitShown

KNOWN = (
    *("clock", "meeting", "month", "requests", "learning", "ask"),
    *("phone", "set_pin", "change_pin", "feedback"),
)
"""What this kiosk can show or do of what a visit offers, the more usual first. A visit without a card begins with the
touch, because somebody without a card came for that."""
MOST = 6
"""The keys that choose end with it."""
AT_HOME_TOO = ("feedback", "learning")
"""What is left out if there is more, in this order: home offers it to everybody."""
RESULTS = "results"
"""The county has said what windows came to: 我的本月 begins with that."""


class VisitPlace:
    """The home of whoever has shown who they are."""

    personal = True
    running = types_digits = False

    def __init__(
        self,
        shown: VisitShown,
        *,
        say: Callable[[ToAgent], None],
        opening: Callable[[], Opening | None],
    ) -> None:
        """
        Args:
            opening: What home shows now, for a place that is made of it; None before the agent has said it.
        """
        self._say = say
        self._shown = shown
        self._opening = opening
        self._amended: list[Amended] = []

    @property
    def id(self) -> str:
        """Which visit it is."""
        return self._shown.visit

    def view(self) -> VisitView:
        """Return the visit's home."""
        can = tuple(what for what in KNOWN if what in self._shown.can)
        for other in AT_HOME_TOO:
            if len(can) > MOST:
                can = tuple(what for what in can if what != other)
        shown = self._shown
        return VisitView(shown.visit, shown.name, shown.opened_by, can, shown.number, shown.meeting)

    def key(self, key: Key) -> Move:
        """Open what stands beside the number, or leave with 0."""
        if key == BACK:
            return "leave"
        number, can = digit(key), self.view().can
        if number is None or not 1 <= number <= len(can):
            return "stay"
        return self._open(can[number - 1])

    def _open(self, what: str) -> Move:
        match what:
            case "meeting":
                return OwnMeeting(self.id, say=self._say)
            case "month" if RESULTS in self._shown.can:
                return ResultsPlace(self.id, say=self._say)
            case "month":
                return MonthPlace(self.id, say=self._say)
            case "requests":
                return RequestsPlace(self.id, say=self._say)
            case "ask":
                return WishPlace(self.id, say=self._say)
            case "learning":
                opening = self._opening()
                return MapPlace(opening, visit=self.id, amended=self._amended) if opening is not None else "stay"
            case "clock":
                self._say(ClockByNumber(visit=self.id))
                return "stay"
            case "phone":
                self._say(ShowPhoneCode(visit=self.id))
                return OnTelephone(self.id)
            case "feedback":
                return Questions(say=self._say, visit=self.id)
            case _:
                return NewPin(self.id, changes=what == "change_pin", say=self._say)

    def asking(self) -> WishPlace | None:
        """Return where the person asks for something, if they can."""
        return WishPlace(self.id, say=self._say) if "ask" in self._shown.can else None

    def agent_said(self, message: ToKiosk) -> None:
        """Take what can be done now."""
        if isinstance(message, VisitShown) and message.visit == self.id and not message.ended:
            self._shown = message

    def agent_away(self) -> None:
        """The flow ends the visit."""


class TelephoneKept(msgspec.Struct, frozen=True, tag="telephone"):
    """The code itself is asked for again."""

    visit: str


class OnTelephone:
    """The code that opens the person's page on their telephone."""

    personal = True
    running = types_digits = False

    def __init__(self, visit: str) -> None:
        self._visit = visit
        self._shown: PhoneCode | None = None
        self._refused = ""
        """A code, if the agent gives none."""

    def kept(self) -> TelephoneKept:
        """Return what this place is made from again."""
        return TelephoneKept(self._visit)

    @classmethod
    def again(cls, kept: TelephoneKept, say: Callable[[ToAgent], None]) -> "OnTelephone":
        """Make the place again."""
        say(ShowPhoneCode(visit=kept.visit))
        return cls(kept.visit)

    def view(self) -> PhoneView:
        """Return the code, or why there is none."""
        return PhoneView(self._visit, self._shown, self._refused)

    def key(self, key: Key) -> Move:
        """Leave with 0 or Enter."""
        return "leave" if key in (BACK, "enter") else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take the code, or why there is none."""
        match message:
            case PhoneCode() if message.visit == self._visit:
                self._shown = message
            case Sorry() if self._shown is None and message.refuses(ShowPhoneCode):
                self._refused = message.reason

    def agent_away(self) -> None:
        """The flow ends the visit."""
