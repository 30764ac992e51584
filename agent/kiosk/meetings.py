"""Meetings at the kiosk: which are near, who has come by the touches at this station, and who vouches for whom.

A touch signs in and needs nothing else. The word of who vouches is a fact; the county decides what it means. Whatever
is shown is reckoned anew from facts at each look. What the chair enters is in `agent.kiosk.meeting_visits`.
"""

from collections.abc import Iterable

from msgspec import Struct

from agent.clocking.desk import KioskScreens, ToldOfMeetings
from agent.kiosk.meeting_book import MeetingBook
from agent.kiosk.meeting_record import MeetingRecord
from agent.kiosk.meeting_sign_ins import count_of, expects, sign_ins, state_of
from agent.kiosk.table import Rows
from agent.timekeeping.clock import StationClock
from protocol.facts import Fact, NumberEntered, PersonVouched, Touch
from protocol.kiosk import refusal
from protocol.kiosk_meetings import (
    HOME_MEETINGS,
    MeetingCount,
    MeetingLine,
    MeetingSignedIn,
    Vouch,
    VouchAsked,
    Vouched,
)
from protocol.meetings import Meeting, vouching_for
from protocol.units import FactRef, PersonId, WallMs

VOUCH_WITHIN_MS = 30_000
"""So long after a touch its person may vouch by it; no result stays longer on a screen."""


class _Touched(Struct, frozen=True):
    """The newest touch, by which its person may vouch."""

    person: PersonId
    ref: FactRef
    until_ms: int


class MeetingRoom:
    """Says what touches do for meetings, and takes the word of who vouches. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, screens: KioskScreens, book: MeetingBook, record: MeetingRecord) -> None:
        self._clock = clock
        self._screens = screens
        self._book = book
        self._record = record
        self._evidence = record.evidence
        self._newest: _Touched | None = None

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {Vouch: self.vouched}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Read back what was done before this start."""
        self._record.recall(facts)

    def lines(self) -> list[MeetingLine]:
        """Return the next meetings for the home screen, with how many have come to those that are near."""
        near = {one.id: one for one in self._book.near()}
        return [
            with_count(line, self.count(near[line.id])) if line.id in near else line
            for line in self._book.announced()[:HOME_MEETINGS]
        ]

    def count(self, meeting: Meeting) -> MeetingCount:
        """Return how many have come."""
        return count_of(meeting, sign_ins(meeting, self._evidence), now=self._now())

    def takes_sign_ins(self, meeting: Meeting) -> bool:
        """Tell whether somebody may sign in now, as far as the station knows the time."""
        now = self._now()
        return now is None or meeting.signs_in(now)

    def _now(self) -> WallMs | None:
        return self._clock.now().wall if self._clock.dated else None

    def touched(self, fact: Touch | NumberEntered, ref: FactRef, person: PersonId) -> ToldOfMeetings:
        """Take a recorded touch, and return what its screen says of meetings: of a touch of nobody nothing."""
        expecting = self._expecting(person)
        before = {one.id for one in expecting if person in sign_ins(one, self._evidence).at}
        self._evidence.note(ref, fact)
        by_card = isinstance(fact, Touch) and bool(person)
        self._newest = _Touched(person, ref, fact.at.mono + VOUCH_WITHIN_MS) if by_card else None
        told = (self._told(one, person, again=one.id in before) for one in expecting if self.takes_sign_ins(one))
        return ToldOfMeetings([one for one in told if one is not None], self._next_vouch())

    def _expecting(self, person: PersonId) -> list[Meeting]:
        """Return the meetings near at which a person is expected."""
        return [one for one in self._book.near() if expects(one, person)]

    def _told(self, meeting: Meeting, person: PersonId, *, again: bool) -> MeetingSignedIn | None:
        found = sign_ins(meeting, self._evidence)
        state = "again" if again else state_of(meeting, found, person)
        if state not in ("again", "signed_in", "late", "undated"):
            return None
        count = count_of(meeting, found, now=self._now())
        return MeetingSignedIn(meeting=meeting.id, title=meeting.title, state=state, count=count)

    def _next_vouch(self) -> VouchAsked | None:
        """Return for whom the person of the newest touch may vouch now."""
        newest = self._newest
        if newest is None or self._clock.mono_ms() > newest.until_ms:
            return None
        for meeting in self._expecting(newest.person):
            if newest.person == meeting.chair or not self.takes_sign_ins(meeting):
                continue
            for entered in sign_ins(meeting, self._evidence).entered:
                if entered != newest.person:
                    name = next(one.name for one in meeting.expected if one.person == entered)
                    return VouchAsked(meeting=meeting.id, person=entered, name=name, touch=newest.ref)
        return None

    def vouched(self, kiosk: int, asked: Vouch) -> None:
        """Record that the person of the newest touch vouches for somebody whom the chair has entered."""
        newest, meeting = self._newest, self._book.find(asked.meeting)
        if newest is None or newest.ref != asked.touch or self._clock.mono_ms() > newest.until_ms:
            self._screens.answer(kiosk, refusal(asked, "too_late", touch=asked.touch))
        elif meeting is None or (why_not := self._why_not(meeting, newest.person, asked.person)):
            self._screens.answer(kiosk, refusal(asked, "gone" if meeting is None else why_not, touch=asked.touch))
        else:
            purpose = vouching_for(meeting.id)
            fact = PersonVouched(at=self._clock.now(), person=asked.person, by=newest.ref, purpose=purpose)
            if self._record.state(kiosk, asked, fact):
                answer = Vouched(touch=newest.ref, count=self.count(meeting), next=self._next_vouch())
                self._screens.answer(kiosk, answer)

    def _why_not(self, meeting: Meeting, by: PersonId, person: PersonId) -> str:
        """Return the code of why somebody may not vouch for a person, or nothing."""
        if not self.takes_sign_ins(meeting):
            return "gone"
        if by in (meeting.chair, person) or not expects(meeting, by):
            return "not_allowed"
        return "" if person in sign_ins(meeting, self._evidence).entered else "already"


def with_count(line: MeetingLine, count: MeetingCount) -> MeetingLine:
    """Return the line of a meeting that is near, with how many have come."""
    return MeetingLine(
        id=line.id,
        title=line.title,
        kind=line.kind,
        of=line.of,
        place=line.place,
        begin=line.begin,
        end=line.end,
        count=count,
    )
