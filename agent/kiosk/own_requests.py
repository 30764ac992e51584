"""Take a person's requests, show what became of them, and take them back. Nothing is decided here."""

import logging
import secrets
from datetime import date, datetime

from agent.clocking.desk import KioskScreens
from agent.kiosk.own_month import OwnMonth, day_of, is_about, minute_of
from agent.kiosk.request_book import KnownRequest, RequestBook
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.timekeeping.clock import StationClock
from protocol.china_time import CHINA, milliseconds
from protocol.facts import RequestMade, RequestWithdrawn
from protocol.facts_requests import RequestKind, request_number
from protocol.kiosk import refusal
from protocol.kiosk_months import (
    REQUEST_LINES,
    MakeRequest,
    OpenRequests,
    OwnRequest,
    RequestsShown,
    RequestTaken,
    Withdraw,
)
from protocol.units import DayText, FactRef, WallMs

log = logging.getLogger(__name__)

OBJECTIONS = ("time", "direction", "not_mine", "other")
"""What can be wrong with a touch."""
MISSING = ("arrival", "departure")
AWAY = ("leave", "field_duty", "meeting", "residency")
"""What was approved and has not begun, the person may take back whole (docs/rules.md, section 5)."""
LASTING = ("leave", "field_duty", "residency")
"""What is asked for from a day or a noon to another."""
_OF_A_MINUTE = ("objection", "correction", "swap", "leave_ended")
_MINUTE_MS = 60_000


class OwnRequests:
    """Answers `MakeRequest`, `Withdraw` and `OpenRequests`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        book: RequestBook,
        month: OwnMonth,
        screens: KioskScreens,
        visits: Visits,
    ) -> None:
        self._clock = clock
        self._book = book
        self._month = month
        self._screens = screens
        self._visits = visits

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenRequests: self.asked, MakeRequest: self.made, Withdraw: self.withdrawn}

    def asked(self, kiosk: int, asked: OpenRequests) -> None:
        """Show a page of the person's requests, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        visit.note("requests")
        requests = self._book.of(visit.person)
        pages = max(1, -(-len(requests) // REQUEST_LINES))
        page = min(asked.page, pages - 1)
        shown = requests[page * REQUEST_LINES : (page + 1) * REQUEST_LINES]
        answer = RequestsShown(visit=visit.id, page=page, pages=pages, requests=[self._shown(one) for one in shown])
        self._screens.answer(kiosk, answer)

    def made(self, kiosk: int, asked: MakeRequest) -> None:
        """Record a request, and say its number once it is on the disk."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        fact = self._objection(visit, asked) if asked.kind == "objection" else self._correction(visit, asked)
        if isinstance(fact, str):
            self._screens.answer(kiosk, refusal(asked, fact))
            return
        if self._book.are_too_many(visit.person, self._clock.wall_of(fact.at)):
            self._screens.answer(kiosk, refusal(asked, "too_many_today"))
            return
        try:
            self._book.make(fact, visit.person)
        except StorageError as error:
            log.warning("a request was not recorded: %s", error)
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        undated = fact.request_kind == "correction" and fact.begin is None
        number = request_number(fact.request)
        kind = fact.request_kind
        taken = RequestTaken(visit=visit.id, number=number, state="open", undated=undated, kind=kind)
        self._screens.answer(kiosk, taken)

    def _objection(self, visit: Visit, asked: MakeRequest) -> RequestMade | str:
        """Return the fact of an objection to a touch, or the code of why there is none."""
        touch = self._month.touch(visit, asked.line)
        if touch is None:
            return "gone"
        if asked.code not in OBJECTIONS:
            return "not_here"
        same = any(one.kind == "objection" and is_about(one, touch) for one in self._waiting(visit))
        return self._why_not(visit, same=same) or self._request(
            visit, "objection", asked.code, begin=touch.at or None, about=touch.touch
        )

    def _correction(self, visit: Visit, asked: MakeRequest) -> RequestMade | str:
        """Return the fact that a touch is missing, or the code of why there is none."""
        if asked.kind != "correction" or asked.code not in MISSING:
            return "not_here"
        days = self._month.days()
        # While the date is not known, no day can be offered, and the request names none.
        if asked.day is None and days:
            return "gone"
        if asked.day is not None and asked.day not in days:
            return "gone"
        begin = _midnight(asked.day) if asked.day is not None else None
        end = None
        if begin is not None and asked.day is not None and asked.start is not None:
            windows = self._month.windows(visit.person, asked.day)
            window = next((one for one in windows if one.start == asked.start), None)
            if window is None:
                return "gone"
            begin, end = begin + window.start * _MINUTE_MS, begin + window.end * _MINUTE_MS
        wanted = ("correction", asked.code, begin)
        same = begin is not None and any((one.kind, one.code, one.begin) == wanted for one in self._waiting(visit))
        return self._why_not(visit, same=same) or self._request(visit, "correction", asked.code, begin=begin, end=end)

    def _waiting(self, visit: Visit) -> list[KnownRequest]:
        """Return what waits of a person, whoever asked for it."""
        return [one for one in self._book.of(visit.person) if one.state == "open"]

    def _why_not(self, visit: Visit, *, same: bool) -> str:
        """Return the code of why nothing more can be asked for; empty: it can."""
        if same:
            return "asked_already"
        return "too_many" if self._book.are_too_many_open(visit.person) else ""

    def _request(
        self,
        visit: Visit,
        kind: RequestKind,
        code: str,
        *,
        begin: WallMs | None,
        end: WallMs | None = None,
        about: FactRef | None = None,
    ) -> RequestMade:
        return RequestMade(
            at=self._clock.now(),
            request=secrets.token_bytes(16),
            by=visit.by,
            request_kind=kind,
            code=code,
            begin=begin,
            end=end,
            about=about,
        )

    def withdrawn(self, kiosk: int, asked: Withdraw) -> None:
        """Record that the person takes a request back, unless it was answered or is not theirs."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        known = next((one for one in self._book.of(visit.person) if one.request.hex() == asked.request), None)
        if known is None or not self._may_take_back(known):
            self._screens.answer(kiosk, refusal(asked, _why_not_back(known)))
            return
        fact = RequestWithdrawn(at=self._clock.now(), request=known.request, by=visit.by)
        whole = known.kind in AWAY and self._clock.dated and self._clock.wall_of(fact.at) < known.begin
        try:
            self._book.withdraw(fact, visit.person, known, whole=whole)
        except StorageError as error:
            log.warning("a withdrawal was not recorded: %s", error)
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        taken = RequestTaken(
            visit=visit.id,
            number=request_number(known.request),
            state="withdrawn",
            undated=known.kind in AWAY and not self._clock.dated,
            kind=known.kind,
            whole=whole,
        )
        self._screens.answer(kiosk, taken)

    def _may_take_back(self, one: KnownRequest) -> bool:
        if one.state == "open":
            return True
        if one.state != "accepted" or one.kind not in AWAY or one.taken_back or not one.begin:
            return False
        # While the station does not know the time, the county judges by its own.
        return not self._clock.dated or self._clock.wall_of(self._clock.now()) < one.begin

    def _shown(self, one: KnownRequest) -> OwnRequest:
        lasts = one.kind in LASTING and bool(one.begin and one.end)
        return OwnRequest(
            request=one.request.hex(),
            number=request_number(one.request),
            kind=one.kind,
            code=one.code,
            state=one.state,
            made=day_of(one.made) if one.made else None,
            day=day_of(one.begin) if one.begin else None,
            minute=_minute(one),
            answer=one.answer,
            answered=day_of(one.answered) if one.answered else None,
            listed=one.listed,
            received=self._month.is_received(one.fact) if one.fact is not None else None,
            taken_back=one.taken_back,
            until=day_of(one.end - 1) if lasts else None,
            from_noon=lasts and minute_of(one.begin) != 0,
            until_noon=lasts and minute_of(one.end) != 0,
            whom=one.whom,
            may_take_back=self._may_take_back(one),
            whole=one.whole,
        )


def _why_not_back(known: KnownRequest | None) -> str:
    if known is None:
        return "gone"
    return "begun_already" if known.state == "accepted" and known.kind in AWAY else "answered_already"


def _minute(one: KnownRequest) -> int | None:
    """Return the minute that a request names; a missing touch outside every window is of a day alone."""
    if not one.begin or one.kind not in _OF_A_MINUTE:
        return None
    minute = minute_of(one.begin)
    return minute if one.kind == "objection" or minute else None


def _midnight(day: DayText) -> WallMs:
    at = datetime.combine(date.fromisoformat(day), datetime.min.time(), CHINA)
    return milliseconds(at)
