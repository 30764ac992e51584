"""A visit: somebody has shown who they are, and sees what is theirs at one kiosk until they leave.

A card opens a visit (its touch is recorded as every touch), or a number with its PIN. It ends by a key, after a time
without keys, when another card is touched, when its kiosk leaves and none takes its place (`agent.kiosk.keeping`), and
with the agent: it is in memory only. Whatever a room keeps for a visit it drops when `Visits` says that the visit is
over. Nothing of a visit is ever sent to all kiosks.

How a screen loses what it shows: the kiosk drops it by itself at a key and when nobody presses one, and it drops it
when the agent says that the visit is over or when the agent is gone.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from agent.clocking.desk import KioskScreens
from agent.kiosk.table import Rows
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import VisitEnded
from protocol.facts_touch import VisitEnd
from protocol.kiosk import refusal
from protocol.kiosk_line import Line
from protocol.kiosk_meetings import MeetingLine
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown
from protocol.units import CodeWord, FactRef, Moment

log = logging.getLogger(__name__)

OPEN_WITHIN_MS = 30_000
"""After a touch its screen may open a visit for so long. It is longer than any result stays, so that no key comes too
late that somebody could read."""
UNHEARD_MS = 900_000
"""The kiosk ends a visit after 150 s without a key. This is for a kiosk that can't."""
_SECOND = 1_000


class Visit(Struct):
    """A visit that runs. ``by`` is the touch or number with which the person showed who they are."""

    id: str
    kiosk: int
    person: str
    by: FactRef
    opened_by: Literal["card", "number"]
    began: Moment
    heard_ms: int
    opened: list[CodeWord] = field(default_factory=list)
    """What personal things were opened, for `VisitEnded`."""

    def note(self, what: CodeWord) -> None:
        """Note that something personal was opened."""
        if what not in self.opened:
            self.opened.append(what)


class _Offer(Struct, frozen=True):
    id: str
    person: str
    by: FactRef
    until_ms: int


class Visits:
    """The visits that run, one at each kiosk. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        screens: KioskScreens,
        can: Callable[[Visit], list[CodeWord]],
        number_of: Callable[[str], str],
        next_meeting: Callable[[str], MeetingLine | None],
    ) -> None:
        """
        Args:
            can: Returns what may be opened or done in a visit.
            number_of: Returns the figures of a person's number, or nothing.
            next_meeting: Returns the meeting at which a person is expected next, if that is not near yet.
        """
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._screens = screens
        self._can = can
        self._number_of = number_of
        self._next_meeting = next_meeting
        self._visits: dict[int, Visit] = {}
        self._offer: _Offer | None = None
        self._ends: list[Callable[[Visit], None]] = []
        self._touches: list[Callable[[Visit, FactRef], None]] = []

    def on_end(self, tell: Callable[[Visit], None]) -> None:
        """Have a room told of each visit's end, so that it drops what it keeps for the visit."""
        self._ends.append(tell)

    def on_touch(self, tell: Callable[[Visit, FactRef], None]) -> None:
        """Have a room told when the person of a visit touches their card in it."""
        self._touches.append(tell)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenVisit: self.open_offered, EndVisit: self.end_asked}

    def touched(self, person: str, ref: FactRef, at: Moment) -> str:
        """Take note of a recorded touch; it ends the visits of everybody else.

        Args:
            person: Whose card it is; empty for an unknown or lost one.

        Returns:
            The visit that the touch's screen may open, or an empty string.
        """
        # The screen of the touch before is gone, and its key must not open somebody else's visit.
        self._offer = None
        own = False
        for visit in list(self._visits.values()):
            if visit.person != person:
                self.end(visit, "card")
                continue
            own = True
            for tell in self._touches:
                tell(visit, ref)
        # Whoever has a visit needs no second one.
        if not person or own:
            return ""
        self._offer = _Offer(secrets.token_hex(8), person, ref, at.mono + OPEN_WITHIN_MS)
        return self._offer.id

    def open_offered(self, kiosk: int, asked: OpenVisit) -> None:
        """Open the visit that the newest touch offers, at the kiosk where the key was pressed."""
        offer = self._offer
        if offer is None or asked.visit != offer.id or self._clock.mono_ms() > offer.until_ms:
            self._screens.answer(kiosk, refusal(asked, "too_late"))
            return
        self._offer = None
        self.open(kiosk, offer.person, offer.by, opened_by="card", visit=offer.id)

    def open(
        self, kiosk: int, person: str, by: FactRef, *, opened_by: Literal["card", "number"], visit: str = ""
    ) -> Visit:
        """Open a visit at a kiosk, in place of one that runs there."""
        if (before := self._visits.get(kiosk)) is not None:
            self.end(before, "left")
        now = self._clock.now()
        opened = Visit(visit or secrets.token_hex(8), kiosk, person, by, opened_by, now, now.mono)
        self._visits[kiosk] = opened
        self.show(opened)
        return opened

    def show(self, visit: Visit) -> None:
        """Show a visit's home at its kiosk, for example because what can be done there has changed."""
        name = self._twin.name_of(visit.person)
        number = self._number_of(visit.person)
        shown = VisitShown(
            visit=visit.id,
            name=name,
            number=number,
            opened_by=visit.opened_by,
            can=self._can(visit),
            meeting=self._next_meeting(visit.person),
        )
        self._screens.answer(visit.kiosk, shown)

    def asked(self, kiosk: int, asked: Line, visit: str) -> Visit | None:
        """Return the visit in which a kiosk asks for something. The kiosk is told if it does not run, or no longer."""
        found = self.at(kiosk)
        if found is None or found.id != visit:
            self._screens.answer(kiosk, refusal(asked, "too_late"))
            return None
        return found

    def at(self, kiosk: int) -> Visit | None:
        """Return the visit that runs at a kiosk. Asking for it shows that the kiosk is alive."""
        found = self._visits.get(kiosk)
        if found is not None:
            found.heard_ms = self._clock.mono_ms()
        return found

    def end_asked(self, kiosk: int, asked: EndVisit) -> None:
        """End a visit because its person left. If it is over already, there is nothing to say."""
        visit = self._visits.get(kiosk)
        if visit is not None and visit.id == asked.visit:
            self.end(visit, asked.why)

    def kiosk_left(self, kiosk: int) -> None:
        """End the visit at a kiosk that is gone."""
        if (visit := self._visits.get(kiosk)) is not None:
            self.end(visit, "restart")

    def move(self, before: int, kiosk: int) -> None:
        """Have the visit of a kiosk that is gone go on at the one in its place, which is shown it."""
        if (visit := self._visits.pop(before, None)) is None:
            return
        if (other := self._visits.get(kiosk)) is not None:
            self.end(other, "left")
        visit.kiosk = kiosk
        self._visits[kiosk] = visit
        self.show(visit)

    def tick(self) -> None:
        """End visits of people whom the county took from the list, and those of which nothing was heard for long."""
        now = self._clock.mono_ms()
        for visit in list(self._visits.values()):
            if not self._twin.name_of(visit.person):
                self.end(visit, "county")
            elif now - visit.heard_ms > UNHEARD_MS:
                self.end(visit, "time")

    def stop(self) -> None:
        """End all visits, because the agent ends."""
        for visit in list(self._visits.values()):
            self.end(visit, "restart")

    def end(self, visit: Visit, why: VisitEnd) -> None:
        """End a visit: its kiosk and every room drop it. If something personal was opened, a fact says so."""
        del self._visits[visit.kiosk]
        self._screens.answer(visit.kiosk, VisitShown(visit=visit.id, ended=why))
        for tell in self._ends:
            tell(visit)
        if visit.opened:
            now = self._clock.now()
            seconds = min(86_400, max(0, now.mono - visit.began.mono) // _SECOND)
            ended = VisitEnded(at=now, person=visit.person, by=visit.by, opened=visit.opened, why=why, seconds=seconds)
            self._fact_writer.owe(ended)
