"""The person's requests in their visit, the newest first: one opens with its answer, and may be taken back."""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit, turned
from kiosk_tui.views.months import RequestsView, RequestView, TakenView, may_take_back
from kiosk_tui.words import months as words_months
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_months import OpenRequests, OwnRequest, RequestsShown, RequestTaken, Withdraw


class RequestsKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="requests"):
    """Which request was open. The page itself is asked for again."""

    visit: str
    page: int = 0
    request: OwnRequest | None = None
    taken: RequestTaken | None = None


class RequestsPlace:
    """The requests of the visit's person."""

    personal = True
    running = types_digits = False

    def __init__(self, visit: str, *, say: Callable[[ToAgent], None], page: int = 0) -> None:
        self._visit = visit
        self._say = say
        self._shown: RequestsShown | None = None
        self._note = ""
        self._open: OwnRequest | None = None
        self._withdrawing = self._waiting = False
        self._taken: RequestTaken | None = None
        say(OpenRequests(visit=visit, page=page))

    def kept(self) -> RequestsKept:
        """Return what this place is made from again. Whether a withdrawal was recorded the list shows."""
        page = self._shown.page if self._shown else 0
        is_open = not self._waiting and self._taken is None
        return RequestsKept(self._visit, page, self._open if is_open else None, self._taken)

    @classmethod
    def again(cls, kept: RequestsKept, say: Callable[[ToAgent], None]) -> "RequestsPlace":
        """Make the place again."""
        place = cls(kept.visit, say=say, page=kept.page)
        place._open, place._taken = kept.request, kept.taken
        return place

    def view(self) -> RequestsView | RequestView | TakenView:
        """Return the list, one request, or that it was taken back."""
        if self._taken is not None:
            return TakenView(self._taken)
        if self._open is not None:
            return RequestView(self._visit, self._open, self._withdrawing, self._waiting)
        return RequestsView(self._visit, self._shown, self._note)

    def key(self, key: Key) -> Move:
        """Take a key."""
        if self._taken is not None:
            if key in (BACK, "enter"):
                self._to_list()
        elif self._open is not None:
            self._key_on_one(self._open, key)
        else:
            return self._key_on_list(key)
        return "stay"

    def _key_on_list(self, key: Key) -> Move:
        number = digit(key)
        if key == BACK:
            return "leave"
        if self._shown is None:
            return "stay"
        if number in (7, 8) and self._shown.pages > 1:
            page = turned(self._shown.page, self._shown.pages, number)
            self._say(OpenRequests(visit=self._visit, page=page))
        elif number is not None and 1 <= number <= len(self._shown.requests):
            self._note = ""
            self._open = self._shown.requests[number - 1]
        return "stay"

    def _key_on_one(self, one: OwnRequest, key: Key) -> None:
        if self._waiting:
            return
        if self._withdrawing:
            if key == "1":
                self._waiting = True
                self._say(Withdraw(visit=self._visit, request=one.request))
            elif key == BACK:
                self._withdrawing = False
        elif key in (BACK, "enter"):
            self._open = None
        elif key == "1" and may_take_back(one):
            self._withdrawing = True

    def _to_list(self) -> None:
        page = self._shown.page if self._shown else 0
        self._open = self._taken = None
        self._withdrawing = self._waiting = False
        self._say(OpenRequests(visit=self._visit, page=page))

    def agent_said(self, message: ToKiosk) -> None:
        """Take a page, a withdrawal that was recorded, or why there is none."""
        match message:
            case RequestsShown() if message.visit == self._visit:
                self._shown = message
            case RequestTaken() if message.visit == self._visit and self._waiting:
                self._taken = message
            case Sorry() if self._waiting and message.refuses(Withdraw):
                self._note = words_months.sorry(message.reason)
                self._to_list()
            case Sorry() if self._open is None and not self._note and message.refuses(OpenRequests):
                self._note = words_months.sorry(message.reason)

    def agent_away(self) -> None:
        """The flow ends the visit."""
