"""Set or change a PIN in a visit: the person types it, and their card, touched once more, makes it so.

Anybody can press keys in a visit whose person went away. So keys alone set nothing: the touch that follows proves who
asks, and the fact names it. A PIN that people guess first is refused, and so is one's own number.
"""

import logging

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.events import PinWorked
from agent.kiosk.pin_book import PinBook
from agent.kiosk.pin_work import PinWork
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol.facts import PinSet
from protocol.kiosk_visits import PinAsked, SetPin
from protocol.pins import PinVerifier, check_new_pin
from protocol.refusal import Refused
from protocol.units import FactRef

log = logging.getLogger(__name__)

TOUCH_WITHIN_MS = 30_000
"""After the PIN was typed: the time in which the person's card must be touched."""
LIKE_DIGITS = 4
"""Shorter numbers may be in a PIN: see `_is_like`."""


class _Waiting(Struct, frozen=True):
    verifier: PinVerifier
    until_ms: int


class PinSetting:
    """New PINs that wait for their person's card. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        screens: KioskScreens,
        visits: Visits,
        book: PinBook,
        work: PinWork,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._screens = screens
        self._visits = visits
        self._book = book
        self._work = work
        self._waiting: dict[str, _Waiting] = {}
        """By the visit."""
        visits.on_touch(self.touched)
        visits.on_end(self.visit_ended)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {SetPin: self.asked}

    def asked(self, kiosk: int, asked: SetPin) -> None:
        """Take a new PIN and have its verifier derived; nothing is set yet."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        try:
            check_new_pin(asked.pin)
        except Refused:
            self._screens.answer(kiosk, PinAsked(answer="common"))
            return
        if _is_like(asked.pin, self._book.number_of(visit.person)):
            self._screens.answer(kiosk, PinAsked(answer="own_number"))
        elif self._work.busy:
            self._screens.answer(kiosk, PinAsked(answer="busy"))
        else:
            self._waiting.pop(visit.id, None)
            self._work.derive(asked.pin, lambda event: self._derived(visit, event))

    def _derived(self, visit: Visit, event: PinWorked) -> None:
        # The visit may have ended meanwhile.
        if self._visits.at(visit.kiosk) is not visit:
            return
        if event.verifier is None:
            log.error("a PIN was not derived: %s", event.problem)
            self._screens.answer(visit.kiosk, PinAsked(answer="not_recorded"))
            return
        until = self._clock.mono_ms() + TOUCH_WITHIN_MS
        self._waiting[visit.id] = _Waiting(event.verifier, until)
        self._screens.answer(visit.kiosk, PinAsked(answer="touch_card"))

    def touched(self, visit: Visit, touch: FactRef) -> None:
        """Set the PIN that waits for this touch: on disk together with its fact, then told."""
        waiting = self._waiting.pop(visit.id, None)
        if waiting is None:
            return
        if self._clock.mono_ms() > waiting.until_ms:
            self._screens.answer(visit.kiosk, PinAsked(answer="too_late"))
            return
        before = self._book.here(visit.person)
        state = self._book.set_pin(visit.person, waiting.verifier)
        fact = PinSet(at=self._clock.now(), person=visit.person, verifier=waiting.verifier, by=touch)
        try:
            self._fact_writer.commit(fact, state=state)
        except StorageError as error:
            log.error("a PIN was not set: %s", error)
            self._book.unset(visit.person, before)
            self._screens.answer(visit.kiosk, PinAsked(answer="not_recorded"))
            return
        visit.note("pin")
        self._screens.answer(visit.kiosk, PinAsked(answer="set"))
        self._visits.show(visit)

    def visit_ended(self, visit: Visit) -> None:
        """Drop a PIN that waits."""
        self._waiting.pop(visit.id, None)


def _is_like(pin: str, number: str) -> bool:
    """Tell whether a PIN and a number are parts of one another. A number of few digits is in many PINs, and gives none
    of them away."""
    return len(number) >= LIKE_DIGITS and (pin in number or number in pin)
