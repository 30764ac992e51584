"""Take what a person asks for in their visit: to be away, to swap a window, to be back; and what they say to a swap.

Nothing is decided here. What can't be meant is refused at once: an end before the begin, more than a year, what was
asked already. What is late is taken, because the county alone marks it.
"""

import logging
import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from agent.clocking.desk import KioskScreens
from agent.clocking.duty_dates import DutyDates
from agent.kiosk.colleagues import not_free
from agent.kiosk.own_month import OwnMonth, day_of, minute_of
from agent.kiosk.request_book import KnownSwap, RequestBook
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.china_time import CHINA, milliseconds
from protocol.facts import Agreed, RequestMade
from protocol.facts_requests import RequestKind, request_number
from protocol.kiosk import refusal
from protocol.kiosk_months import DayWindow, RequestTaken
from protocol.kiosk_requests import (
    MOST_COLLEAGUES,
    MOST_SWAPS,
    MOST_TURNS,
    Agree,
    AskFor,
    AskingShown,
    Colleague,
    OpenAsking,
    SwapAsked,
)
from protocol.units import CodeWord, DayText, PersonId, WallMs

log = logging.getLogger(__name__)

LEAVES = (
    *("personal", "sick", "annual", "compensatory", "marriage", "maternity"),
    *("paternity", "bereavement", "injury", "home_visit", "nursing"),
)
"""Kinds of leave (docs/rules.md, section 4)."""
MOST_DAYS = 366
LATE_DAYS = 3
SWAP_DAYS = 14
"""So many days ahead a window is offered to be swapped."""
_DAY = timedelta(days=1)
_YEARS = range(2020, 2100)
_MINUTE_MS, _NOON_MS, _DAY_MS = 60_000, 12 * 3_600_000, 86_400_000


class Asking:
    """Answers `OpenAsking`, `AskFor` and `Agree`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        twin: Twin,
        duty_dates: DutyDates,
        book: RequestBook,
        month: OwnMonth,
        screens: KioskScreens,
        visits: Visits,
    ) -> None:
        self._clock = clock
        self._twin = twin
        self._duty_dates = duty_dates
        self._book = book
        self._month = month
        self._screens = screens
        self._visits = visits

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenAsking: self.opened, AskFor: self.asked, Agree: self.agreed}

    def opened(self, kiosk: int, asked: OpenAsking) -> None:
        """Show what the person can ask for, and what they are asked; note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        visit.note("requests")
        dated = self._clock.dated
        turns = list(self._turns(visit))[:MOST_TURNS] if dated else []
        shown = AskingShown(
            visit=visit.id,
            today=day_of(self._now()) if dated else None,
            turns=turns,
            people=self._colleagues(visit, turns)[:MOST_COLLEAGUES],
            swaps=[_shown(one) for one in self._swaps(visit)][:MOST_SWAPS],
        )
        self._screens.answer(kiosk, shown)

    def asked(self, kiosk: int, asked: AskFor) -> None:
        """Record a request, and say its number once it is on the disk."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        fact = self._fact(visit, asked)
        if isinstance(fact, RequestMade) and self._are_too_many(visit, asked):
            fact = "too_many_today"
        if isinstance(fact, str):
            self._screens.answer(kiosk, refusal(asked, fact))
            return
        try:
            self._book.make(fact, visit.person)
        except StorageError as error:
            log.warning("a request was not recorded: %s", error)
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        number = request_number(fact.request)
        undated, kind = fact.begin is None, fact.request_kind
        taken = RequestTaken(visit=visit.id, number=number, state="open", undated=undated, kind=kind)
        self._screens.answer(kiosk, taken)

    def _are_too_many(self, visit: Visit, asked: AskFor) -> bool:
        # A lost card is lost whatever else was asked, and nobody's illness waits for others to ask less.
        if asked.kind == "card_lost":
            return False
        return self._book.are_too_many(visit.person, self._now(), whoever_else=asked.code != "sick")

    def _fact(self, visit: Visit, asked: AskFor) -> RequestMade | str:
        """Return the fact of a request, or the code of why there is none."""
        if asked.kind == "card_lost" and self._book.waits_here(visit.person, "card_lost"):
            return "asked_already"
        if asked.kind != "card_lost" and self._book.are_too_many_open(visit.person):
            return "too_many"
        match asked.kind:
            case "leave" | "field_duty" | "residency" as kind:
                return self._away(visit, asked, kind)
            case "swap":
                return self._swap(visit, asked)
            case "leave_ended" | "card_lost" as kind:
                begin = self._now() // _MINUTE_MS * _MINUTE_MS if self._clock.dated else None
                return self._made(visit, kind, begin=begin)
            case _:
                return "not_here"

    def _away(self, visit: Visit, asked: AskFor, kind: RequestKind) -> RequestMade | str:
        if asked.code not in (LEAVES if kind == "leave" else (None,)):
            return "not_here"
        if not (_is_day(asked.first) and _is_day(asked.last)):
            return "no_such_day"
        assert asked.first is not None
        assert asked.last is not None
        begin = _midnight(asked.first) + (_NOON_MS if asked.from_noon else 0)
        end = _midnight(asked.last) + (_NOON_MS if asked.until_noon else _DAY_MS)
        if end <= begin:
            return "ends_before"
        if (date.fromisoformat(asked.last) - date.fromisoformat(asked.first)).days >= MOST_DAYS:
            return "too_long"
        # While the station does not know the day, the county judges by its own.
        if self._clock.dated and begin > self._now() + MOST_DAYS * _DAY_MS:
            return "too_far"
        if self._clock.dated and self._now() >= end + LATE_DAYS * _DAY_MS + (_NOON_MS if asked.until_noon else 0):
            return "too_late_to_ask"
        for one in self._book.of(visit.person):
            if one.state == "open" and one.kind == asked.kind and one.begin < end and begin < one.end:
                return "asked_already"
        return self._made(visit, kind, code=asked.code, begin=begin, end=end)

    def _swap(self, visit: Visit, asked: AskFor) -> RequestMade | str:
        if not self._clock.dated:
            return "no_time"
        turn = next((one for one in self._turns(visit) if (one.day, one.start) == (asked.first, asked.start)), None)
        whom = [one for one in self._colleagues(visit, [turn] if turn else []) if one.person == asked.substitute]
        if turn is None or not whom:
            return "gone"
        if whom[0].not_for:
            return "not_free"
        begin, end = (_midnight(turn.day) + minute * _MINUTE_MS for minute in (turn.start, turn.end))
        for one in self._book.of(visit.person):
            if one.state == "open" and one.kind == "swap" and one.begin == begin:
                return "asked_already"
        return self._made(visit, "swap", begin=begin, end=end, substitute=asked.substitute)

    def _made(
        self,
        visit: Visit,
        kind: RequestKind,
        *,
        code: CodeWord | None = None,
        begin: WallMs | None = None,
        end: WallMs | None = None,
        substitute: PersonId = "",
    ) -> RequestMade:
        return RequestMade(
            at=self._clock.now(),
            request=secrets.token_bytes(16),
            by=visit.by,
            request_kind=kind,
            code=code,
            begin=begin,
            end=end,
            substitute=substitute,
        )

    def agreed(self, kiosk: int, asked: Agree) -> None:
        """Record that the person takes a window over, or does not, before it begins."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        swap = next((one for one in self._book.swaps(visit.person) if one.request.hex() == asked.request), None)
        if swap is None or (self._clock.dated and self._now() >= swap.begin):
            self._screens.answer(kiosk, refusal(asked, "gone" if swap is None else "begun"))
            return
        fact = Agreed(at=self._clock.now(), request=swap.request, by=visit.by, agrees=asked.agrees)
        try:
            self._book.agree(fact)
        except StorageError as error:
            log.warning("an agreement was not recorded: %s", error)
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        number, state = request_number(swap.request), "accepted" if asked.agrees else "refused"
        self._screens.answer(kiosk, RequestTaken(visit=visit.id, number=number, state=state))

    def _now(self) -> WallMs:
        return self._clock.wall_of(self._clock.now())

    def _swaps(self, visit: Visit) -> Iterator[KnownSwap]:
        """Yield what others want the person to take over and has not begun."""
        for swap in self._book.swaps(visit.person):
            if not self._clock.dated or self._now() < swap.begin:
                yield swap

    def _turns(self, visit: Visit) -> Iterator[DayWindow]:
        """Yield the person's windows to come, the next first."""
        now = self._now()
        today = date.fromisoformat(day_of(now))
        for ahead in range(SWAP_DAYS):
            for turn in self._month.windows(visit.person, (today + ahead * _DAY).isoformat()):
                if now < _midnight(turn.day) + turn.start * _MINUTE_MS:
                    yield turn

    def _colleagues(self, visit: Visit, turns: Sequence[DayWindow]) -> list[Colleague]:
        """Return who could take one of these over: the station's own people, those who have windows here first."""
        desired = self._twin.desired
        on_duty = {person for window in desired.windows for person in window.people}
        near = [one for one in desired.people if one.id != visit.person and not one.village]
        near.sort(key=lambda one: one.id not in on_duty)
        busy = list(enumerate(not_free(self._duty_dates, turns)))
        return [
            Colleague(person=one.id, name=one.name, not_for=[turn for turn, people in busy if one.id in people])
            for one in near
        ]


def _shown(swap: KnownSwap) -> SwapAsked:
    day = day_of(swap.begin)
    return SwapAsked(
        request=swap.request.hex(),
        name=swap.name,
        day=day,
        start=minute_of(swap.begin),
        end=(swap.end - _midnight(day)) // _MINUTE_MS,
        window=swap.window,
    )


def _is_day(day: DayText | None) -> bool:
    """Tell whether there is such a day, and not in another century."""
    try:
        return day is not None and date.fromisoformat(day).year in _YEARS
    except ValueError:
        return False


def _midnight(day: DayText) -> WallMs:
    return milliseconds(datetime.combine(date.fromisoformat(day), datetime.min.time(), CHINA))
