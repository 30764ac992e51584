"""Sign in by number and PIN: to read what is one's own, and, if the person chooses 打卡, to clock in or out.

A number that nobody has, a person without a PIN and a wrong PIN are counted, judged, locked and answered alike, so that
the kiosk tells nobody whose number is whose. What was typed is never kept and never logged.
"""

import logging
from collections.abc import Sequence
from copy import replace
from typing import Literal

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.clocking.lamp import Lamp
from agent.clocking.outcome import Outcomes, disk_problem
from agent.clocking.touch_history import RememberedTouch, TouchHistory
from agent.events import PinWorked
from agent.kiosk.meetings import MeetingRoom
from agent.kiosk.pin_book import PinBook, Tried
from agent.kiosk.pin_work import PinWork
from agent.kiosk.spacing import Allowance, Spacing
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol import alarm_codes
from protocol.facts import AlarmRaised, NumberEntered
from protocol.facts_touch import NumberAnswer
from protocol.kiosk_meetings import MeetingSignedIn
from protocol.kiosk_visits import ClockByNumber, EnterNumber, PinAsked
from protocol.pin_tries import PinTries
from protocol.units import Moment, PersonId

log = logging.getLogger(__name__)

FACT_EVERY_MS = 10_000
"""Entries at which nothing was judged are told in a fact at most so often: facts cost disk and data."""
MOST_REFUSALS_AN_HOUR = 30
ALARM_EVERY_MS = _HOUR_MS = 3_600_000


class _Try(Struct, frozen=True):
    kiosk: int
    tried: Tried
    before: PinTries


class NumberSignIn:
    """The desk for people without their card. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        history: TouchHistory,
        lamp: Lamp,
        screens: KioskScreens,
        visits: Visits,
        meetings: MeetingRoom,
        book: PinBook,
        work: PinWork,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._history = history
        self._lamp = lamp
        self._screens = screens
        self._visits = visits
        self._meetings = meetings
        self._book = book
        self._work = work
        self._outcomes = Outcomes(clock=clock, twin=twin, history=history)
        self._refusals = Spacing(clock, FACT_EVERY_MS)
        self._stated = Allowance(clock, MOST_REFUSALS_AN_HOUR, within_ms=_HOUR_MS)
        self._alarms = Spacing(clock, ALARM_EVERY_MS)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {EnterNumber: self.entered, ClockByNumber: self.clock_asked}

    def state_unjudged(self) -> None:
        """State the tries that were counted and not judged, because the agent ended in between. They count as wrong."""
        for person in self._book.unjudged():
            self._fact_writer.owe(self._fact(person, "wrong_pin"), state=self._book.was_wrong(Tried(person=person)))

    def entered(self, kiosk: int, asked: EnterNumber) -> None:
        """Count a try on disk, then have it judged."""
        if not self._twin.desired.settings.number_sign_in:
            self._refuse(kiosk, "", "not_allowed", PinAsked(answer="not_allowed"))
        elif self._work.busy:
            self._screens.answer(kiosk, PinAsked(answer="busy"))
        else:
            self._try(kiosk, asked.number, asked.pin)

    def _try(self, kiosk: int, number: str, pin: str) -> None:
        tried = self._book.tried(number)
        if self._book.too_many(tried):
            self._alarm()
            self._refuse(kiosk, tried.person, "locked", PinAsked(answer="locked"))
            return
        if locked_ms := self._book.locked_ms(tried):
            self._refuse(kiosk, tried.person, "locked", PinAsked(answer="locked", locked_for_ms=locked_ms))
            return
        try:
            before = self._book.begin_try(tried)
        except StorageError as error:
            log.error("a try at a PIN was not counted, so it is not judged: %s", error)
            self._screens.answer(kiosk, PinAsked(answer="not_recorded"))
            return
        attempt = _Try(kiosk, tried, before)
        self._work.judge(tried.verifier, pin, lambda event: self._judged(attempt, event))

    def _judged(self, attempt: _Try, event: PinWorked) -> None:
        tried = attempt.tried
        # No PIN is nobody's verifier, but a visit hangs on this: it must not rest on the verifier alone.
        right = event.right is True and not tried.nobodys
        if event.problem:
            log.error("a PIN was not judged: %s", event.problem)
        answer: NumberAnswer = "accepted" if right else tried.wrong
        book = self._book
        state = book.was_right(tried.person, before=attempt.before) if right else book.was_wrong(tried)
        try:
            (ref,) = self._fact_writer.commit(self._fact(tried.person, answer), state=state)
        except StorageError as error:
            log.error("a sign-in was not recorded, so it opens nothing: %s", error)
            self._screens.answer(attempt.kiosk, PinAsked(answer="not_recorded"))
            return
        if right:
            self._visits.open(attempt.kiosk, tried.person, ref, opened_by="number")
            return
        locked_ms = self._book.locked_ms(tried)
        shown = PinAsked(answer="locked", locked_for_ms=locked_ms) if locked_ms else PinAsked(answer="wrong")
        self._screens.answer(attempt.kiosk, shown)

    def clock_asked(self, kiosk: int, asked: ClockByNumber) -> None:
        """Clock the person of a visit in or out: the fact first, then the light, then the screen of this kiosk."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        if visit.opened_by != "number":
            self._screens.answer(kiosk, PinAsked(answer="not_allowed"))
            return
        now = self._clock.now()
        if (seen := self._history.repeated_by_number(visit.person, now)) is not None:
            self._show(visit, seen, now, "repeat")
            return
        direction = self._history.direction_at(visit.person, now)
        fact = NumberEntered(at=now, person=visit.person, answer="accepted", clocks=True, direction=direction)
        try:
            (ref,) = self._fact_writer.commit(fact)
        except StorageError as error:
            log.error("a touch by number was not recorded: %s", error)
            self._lamp.show("red", fact="")
            self._screens.answer(kiosk, self._outcomes.not_recorded(disk_problem(error)))
            return
        self._history.add_number(ref, fact)
        told = self._meetings.touched(fact, ref, visit.person)
        self._lamp.show("green", fact=f"{ref.epoch.hex()}/{ref.seq}")
        seen = self._history.repeated_by_number(visit.person, now)
        assert seen is not None  # the history has just remembered it
        self._show(visit, seen, now, "recorded", told.signed_in)

    def _show(
        self,
        visit: Visit,
        seen: RememberedTouch,
        now: Moment,
        answer: Literal["recorded", "repeat"],
        meetings: Sequence[MeetingSignedIn] = (),
    ) -> None:
        shown = replace(self._outcomes.recorded(seen, visit.person, now), answer=answer, meetings=list(meetings))
        self._screens.answer(visit.kiosk, shown)

    def _fact(self, person: PersonId, answer: NumberAnswer) -> NumberEntered:
        return NumberEntered(at=self._clock.now(), person=person, answer=answer)

    def _refuse(self, kiosk: int, person: PersonId, answer: NumberAnswer, shown: PinAsked) -> None:
        """Answer an entry at which no PIN was judged. A fact tells of it, but not of each press of a key."""
        if not self._stated.is_used_up() and self._refusals.is_due():
            self._stated.done()
            self._fact_writer.owe(self._fact(person, answer))
        self._screens.answer(kiosk, shown)

    def _alarm(self) -> None:
        if self._alarms.is_due():
            detail = "一天之内有人在本站输错了许多编号的密码，暂不再核对其他编号"
            alarm = AlarmRaised(at=self._clock.now(), code=alarm_codes.PIN_GUESSED, severity="major", detail=detail)
            self._fact_writer.owe(alarm)
