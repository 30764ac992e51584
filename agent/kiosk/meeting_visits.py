"""A meeting in the visit of somebody who is expected there, and what its chair enters: steps, people without a card,
votes.

What stands in a visit is said anew when it changes, so that the chair sees people come.
"""

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.kiosk.meeting_book import MeetingBook
from agent.kiosk.meeting_record import MeetingRecord
from agent.kiosk.meeting_sign_ins import absent, expects, present, sign_ins, state_of
from agent.kiosk.meetings import MeetingRoom, with_count
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.timekeeping.clock import StationClock
from protocol.facts import MeetingStepped, PersonVouched, VotesCounted
from protocol.kiosk import refusal
from protocol.kiosk_line import Line
from protocol.kiosk_meetings import (
    ABSENT_LINES,
    AbsentShown,
    EnterPerson,
    EnterVotes,
    ItemShown,
    MeetingShown,
    OpenMeeting,
    StepMeeting,
    TakeBackPerson,
)
from protocol.meetings import Meeting, taking_back, vouching_for
from protocol.units import CodeWord


class _Open(Struct):
    """What stands in a visit."""

    visit: Visit
    meeting: str
    page: int
    said: MeetingShown | None = None


class MeetingVisits:
    """Shows meetings to those who are expected, and takes what their chairs enter. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        screens: KioskScreens,
        visits: Visits,
        book: MeetingBook,
        record: MeetingRecord,
        room: MeetingRoom,
    ) -> None:
        self._clock = clock
        self._screens = screens
        self._visits = visits
        self._book = book
        self._record = record
        self._evidence = record.evidence
        self._room = room
        self._open: dict[str, _Open] = {}
        visits.on_end(self._on_end)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {
            OpenMeeting: self.opened,
            StepMeeting: self.stepped,
            EnterPerson: self.person_entered,
            TakeBackPerson: self.person_taken_back,
            EnterVotes: self.votes_entered,
        }

    def can(self, visit: Visit) -> list[CodeWord]:
        """Return whether a visit offers the meetings."""
        return ["meeting"] if self._of(visit) else []

    def _of(self, visit: Visit) -> list[Meeting]:
        """Return the meetings near that are the person's own: they are expected, or the chair."""
        return [one for one in self._book.near() if visit.person == one.chair or expects(one, visit.person)]

    def _on_end(self, visit: Visit) -> None:
        self._open.pop(visit.id, None)

    def tick(self) -> None:
        """Say anew what stands in visits, where it is another now."""
        for opened in list(self._open.values()):
            self._say(opened)

    def opened(self, kiosk: int, asked: OpenMeeting) -> None:
        """Show a meeting to somebody who is expected there, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        meeting = next((one for one in self._of(visit) if asked.meeting in ("", one.id)), None)
        if meeting is None:
            self._screens.answer(kiosk, refusal(asked, "gone"))
            return
        visit.note("meeting")
        self._say_again(visit, meeting, asked.page)

    def _say_again(self, visit: Visit, meeting: Meeting, page: int | None = None) -> None:
        """Answer with the meeting, also if nothing of it is another."""
        if page is None:
            page = self._open[visit.id].page if visit.id in self._open else 0
        self._open[visit.id] = _Open(visit, meeting.id, page)
        self._say(self._open[visit.id])

    def _say(self, opened: _Open) -> None:
        visit = opened.visit
        meeting = next((one for one in self._of(visit) if one.id == opened.meeting), None)
        if meeting is None:
            # It is over, or the county has called it off.
            del self._open[visit.id]
            asked = OpenMeeting(visit=visit.id, meeting=opened.meeting)
            self._screens.answer(visit.kiosk, refusal(asked, "gone"))
            return
        shown = self._shown(opened, meeting)
        if shown != opened.said:
            opened.said = shown
            self._screens.answer(visit.kiosk, shown)

    def _shown(self, opened: _Open, meeting: Meeting) -> MeetingShown:
        visit = opened.visit
        found = sign_ins(meeting, self._evidence)
        line = next(one for one in self._book.announced() if one.id == meeting.id)
        shown = MeetingShown(
            visit=visit.id,
            meeting=with_count(line, self._room.count(meeting)),
            others=[one.id for one in self._of(visit)],
            own=state_of(meeting, found, visit.person),
            own_at=found.at.get(visit.person, 0),
        )
        return self._for_the_chair(shown, meeting, opened.page) if meeting.chair == visit.person else shown

    def _for_the_chair(self, shown: MeetingShown, meeting: Meeting, page: int) -> MeetingShown:
        found = sign_ins(meeting, self._evidence)
        steps = self._evidence.steps(meeting.id)
        missing = absent(meeting, found)
        pages = max(1, -(-len(missing) // ABSENT_LINES))
        page %= pages
        return MeetingShown(
            visit=shown.visit,
            meeting=shown.meeting,
            others=shown.others,
            own=shown.own,
            own_at=shown.own_at,
            chairs=True,
            step=steps[-1].step if steps else "",
            item=next((one.item for one in reversed(steps) if one.step == "item"), ""),
            agenda=_agenda(meeting, self._evidence.votes(meeting.id)),
            present=present(meeting, found, dated=self._clock.dated),
            absent=[
                AbsentShown(
                    person=one.person,
                    name=one.name,
                    entered=one.person in found.entered,
                    excused=one.excused,
                    vouched=one.person in found.vouched,
                )
                for one in missing[page * ABSENT_LINES : (page + 1) * ABSENT_LINES]
            ],
            page=page,
            pages=pages,
        )

    def stepped(self, kiosk: int, asked: StepMeeting) -> None:
        """Record how far the meeting is, unless that was said last."""
        led = self._led(kiosk, asked, asked.visit, asked.meeting)
        if led is None:
            return
        visit, meeting = led
        if asked.step == "item" and all(asked.item != one.id for one in meeting.agenda):
            self._screens.answer(kiosk, refusal(asked, "gone"))
            return
        item = asked.item if asked.step == "item" else ""
        steps = self._evidence.steps(meeting.id)
        fact = MeetingStepped(at=self._clock.now(), meeting=meeting.id, step=asked.step, item=item, by=visit.by)
        said = bool(steps) and (steps[-1].step, steps[-1].item) == (fact.step, fact.item)
        if said or self._record.state(kiosk, asked, fact):
            self._say_again(visit, meeting)

    def person_entered(self, kiosk: int, asked: EnterPerson) -> None:
        """Record that the chair sees somebody who has no card here."""
        led = self._led(kiosk, asked, asked.visit, asked.meeting)
        if led is None:
            return
        visit, meeting = led
        found = sign_ins(meeting, self._evidence)
        if not self._room.takes_sign_ins(meeting):
            self._screens.answer(kiosk, refusal(asked, "too_late"))
        elif asked.person == meeting.chair or not expects(meeting, asked.person):
            self._screens.answer(kiosk, refusal(asked, "not_allowed"))
        elif asked.person in found.at:
            self._screens.answer(kiosk, refusal(asked, "already"))
        else:
            purpose = vouching_for(meeting.id)
            fact = PersonVouched(at=self._clock.now(), person=asked.person, by=visit.by, purpose=purpose)
            if asked.person in found.entered or self._record.state(kiosk, asked, fact):
                self._say_again(visit, meeting)

    def person_taken_back(self, kiosk: int, asked: TakeBackPerson) -> None:
        """Record that somebody whom the chair has entered is not there after all."""
        led = self._led(kiosk, asked, asked.visit, asked.meeting)
        if led is None:
            return
        visit, meeting = led
        found = sign_ins(meeting, self._evidence)
        if asked.person in found.at and asked.person not in found.vouched:
            self._screens.answer(kiosk, refusal(asked, "already"))
            return
        purpose = taking_back(meeting.id)
        fact = PersonVouched(at=self._clock.now(), person=asked.person, by=visit.by, purpose=purpose)
        stands = asked.person in found.entered or asked.person in found.vouched
        if not stands or self._record.state(kiosk, asked, fact):
            self._say_again(visit, meeting)

    def votes_entered(self, kiosk: int, asked: EnterVotes) -> None:
        """Record the outcome of a show of hands: at most as many hands as voters have signed in."""
        led = self._led(kiosk, asked, asked.visit, asked.meeting)
        if led is None:
            return
        visit, meeting = led
        item = next((one for one in meeting.agenda if one.id == asked.item and one.options), None)
        here = present(meeting, sign_ins(meeting, self._evidence), dated=self._clock.dated)
        if item is None or len(asked.votes) != len(item.options):
            self._screens.answer(kiosk, refusal(asked, "gone"))
        elif sum(asked.votes) + asked.abstained > here:
            self._screens.answer(kiosk, refusal(asked, "too_many_votes"))
        else:
            fact = VotesCounted(
                at=self._clock.now(),
                meeting=meeting.id,
                question=item.id,
                votes=asked.votes,
                present=here,
                abstained=asked.abstained,
                by=visit.by,
            )
            if self._record.state(kiosk, asked, fact):
                self._say_again(visit, meeting)

    def _led(self, kiosk: int, asked: Line, name: str, of: str) -> tuple[Visit, Meeting] | None:
        """Return the visit and its meeting if its person is the chair; else say why not."""
        visit = self._visits.asked(kiosk, asked, name)
        if visit is None:
            return None
        meeting = self._book.find(of)
        if meeting is None or meeting.chair != visit.person:
            self._screens.answer(kiosk, refusal(asked, "gone" if meeting is None else "not_allowed"))
            return None
        return visit, meeting


def _agenda(meeting: Meeting, votes: dict[str, VotesCounted]) -> list[ItemShown]:
    shown = []
    for one in meeting.agenda:
        counted = votes.get(one.id)
        if counted is not None and len(counted.votes) == len(one.options):
            outcome = ItemShown(
                id=one.id,
                title=one.title,
                options=one.options,
                votes=counted.votes,
                abstained=counted.abstained,
                present=counted.present,
            )
        else:
            outcome = ItemShown(id=one.id, title=one.title, options=one.options)
        shown.append(outcome)
    return shown
