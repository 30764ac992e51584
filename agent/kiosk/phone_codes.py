"""Give the person of a visit a short code for their telephone, and state it, so that the county knows whose it is."""

import logging
from collections.abc import Callable

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.kiosk import refusal
from protocol.kiosk_visits import PhoneCode, ShowPhoneCode
from protocol.phone_link import LIFETIME_MS, PhoneLinkShown, code_hash, new_code, phone_address
from protocol.units import CodeWord, FactRef

log = logging.getLogger(__name__)

SHOWN_AGAIN_MS = LIFETIME_MS // 2
"""While a code has at least so long to live, it is shown again, so that a key pressed often states one fact."""
AFTER_TOUCH_MS = 540_000
"""The county wants the touch to be less than ten minutes older than the code."""


class _Given(Struct, frozen=True):
    code: str
    until_ms: int


class _Touched(Struct, frozen=True):
    ref: FactRef
    mono_ms: int


class PhoneCodes:
    """Answers `ShowPhoneCode`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        screens: KioskScreens,
        visits: Visits,
        connected: Callable[[], bool],
    ) -> None:
        """
        Args:
            connected: Whether the county hears of a fact at once.
        """
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._screens = screens
        self._visits = visits
        self._connected = connected
        self._given: dict[str, _Given] = {}
        self._touched: dict[str, _Touched] = {}
        """The newest touch in a visit, if there was one after the one that opened it."""
        visits.on_end(self._ended)
        visits.on_touch(self._touched_again)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {ShowPhoneCode: self.asked}

    def can(self, visit: Visit) -> list[CodeWord]:
        """Return ``phone`` if the county has a front door and the person came by card."""
        return ["phone"] if self._twin.desired.front_door and visit.opened_by == "card" else []

    def asked(self, kiosk: int, asked: ShowPhoneCode) -> None:
        """Show a code, or say why there is none."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        if reason := self._hindrance(visit):
            self._screens.answer(kiosk, refusal(asked, reason))
            return
        now_ms = self._clock.mono_ms()
        given = self._given.get(visit.id)
        if given is None or given.until_ms - now_ms < SHOWN_AGAIN_MS:
            try:
                given = self._give(visit)
            except StorageError as error:
                log.warning("no code for a telephone: %s", error)
                self._screens.answer(kiosk, refusal(asked, "not_recorded"))
                return
        address = phone_address(self._twin.desired.front_door, given.code)
        shown = PhoneCode(visit=visit.id, address=address, code=given.code, lasts_ms=given.until_ms - now_ms)
        self._screens.answer(kiosk, shown)

    def _ended(self, visit: Visit) -> None:
        self._given.pop(visit.id, None)
        self._touched.pop(visit.id, None)

    def _touched_again(self, visit: Visit, ref: FactRef) -> None:
        self._touched[visit.id] = _Touched(ref, self._clock.mono_ms())

    def _touch_of(self, visit: Visit) -> _Touched:
        return self._touched.get(visit.id) or _Touched(visit.by, visit.began.mono)

    def _hindrance(self, visit: Visit) -> str:
        """Return a code of `Sorry` if the county would open nothing for a code of now."""
        if not self.can(visit):
            return "not_here"
        if not self._connected():
            return "no_line"
        if not self._clock.dated:
            return "no_time"
        return "touch_again" if self._clock.mono_ms() - self._touch_of(visit).mono_ms > AFTER_TOUCH_MS else ""

    def _give(self, visit: Visit) -> _Given:
        """Make a code and state it.

        Raises:
            StorageError: Nothing was stated, so the code would open nothing.
        """
        now, code = self._clock.now(), new_code()
        by = self._touch_of(visit).ref
        self._fact_writer.commit(PhoneLinkShown(at=now, person=visit.person, by=by, code=code_hash(code)))
        visit.note("phone")
        given = self._given[visit.id] = _Given(code, now.mono + LIFETIME_MS)
        return given
