"""A meeting in the visit of somebody who is expected there. Its chair enters people without a card, items and votes.

What the chair enters is shown once the agent has written it down and says the meeting anew.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kiosk_tui.places.place import Move, taken_back
from kiosk_tui.terminal.keys import BACK, HELD, Key, digit, turned
from kiosk_tui.views.meetings import AbsentView, AgendaView, HandsView, ItemView, MeetingView, OfMeetings, is_entered
from kiosk_tui.words import common as words
from kiosk_tui.words import meetings as words_meetings
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_meetings import (
    AbsentShown,
    EnterPerson,
    EnterVotes,
    ItemShown,
    MeetingShown,
    OpenMeeting,
    StepMeeting,
    TakeBackPerson,
)

ITEMS_A_PAGE = 6
MOST_DIGITS = 3
"""Of hands that are counted."""
type Step = Literal["meeting", "closing", "absent", "agenda", "item", "hands"]


class MeetingKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="meeting"):
    """Which meeting stood there. What the chair was about to enter is begun anew."""

    visit: str
    meeting: str = ""


class OwnMeeting:
    """The meeting of the visit's person."""

    personal = True
    running = False

    def __init__(self, visit: str, *, say: Callable[[ToAgent], None], meeting: str = "") -> None:
        self._visit = visit
        self._say = say
        self._shown: MeetingShown | None = None
        self._step: Step = "meeting"
        self._page = 0
        self._item = ""
        self._counts: tuple[int, ...] = ()
        self._typed = self._note = ""
        self._entering = ""
        """The name of whom the chair enters, while the agent writes it down."""
        self._back: AbsentShown | None = None
        """Whose entry the chair is asked about, or takes back while the agent writes it down."""
        self._asks = False
        self._waiting = False
        say(OpenMeeting(visit=visit, meeting=meeting))

    def kept(self) -> MeetingKept:
        """Return what this place is made from again."""
        return MeetingKept(self._visit, self._shown.meeting.id if self._shown is not None else "")

    @classmethod
    def again(cls, kept: MeetingKept, say: Callable[[ToAgent], None]) -> "OwnMeeting":
        """Make the place again."""
        return cls(kept.visit, say=say, meeting=kept.meeting)

    @property
    def types_digits(self) -> bool:
        """Whether hands are counted now."""
        view = self.view()
        return isinstance(view, HandsView) and view.is_asked

    def view(self) -> OfMeetings:
        """Return the meeting, or what its chair enters."""
        shown, item = self._shown, self._one()
        if shown is None or self._step in ("meeting", "closing"):
            return MeetingView(self._visit, shown, self._note, self._step == "closing")
        if self._step == "absent":
            asks = self._back if self._asks else None
            return AbsentView(self._visit, tuple(shown.absent), shown.page, shown.pages, self._note, asks)
        if item is None or self._step == "agenda":
            pages = max(1, -(-len(shown.agenda) // ITEMS_A_PAGE))
            return AgendaView(self._visit, self._items(shown), shown.item, self._page, pages, self._note)
        if self._step == "item":
            return ItemView(self._visit, item, shown.item == item.id, self._note)
        return HandsView(self._visit, item, self._counts, self._typed, shown.present, self._note, self._waiting)

    def _items(self, shown: MeetingShown) -> tuple[ItemShown, ...]:
        return tuple(shown.agenda[self._page * ITEMS_A_PAGE : (self._page + 1) * ITEMS_A_PAGE])

    def _one(self) -> ItemShown | None:
        return next((one for one in self._shown.agenda if one.id == self._item), None) if self._shown else None

    def key(self, key: Key) -> Move:
        """Take a key."""
        match self.view():
            case MeetingView() as view:
                return self._key_on_meeting(view, key)
            case AbsentView(asks=AbsentShown() as one):
                self._key_on_taking_back(one, key)
            case AbsentView() as view:
                self._key_on_absent(view, key)
            case AgendaView() as view:
                self._key_on_agenda(view, key)
            case ItemView() as view:
                self._key_on_item(view, key)
            case HandsView() as view if view.is_asked:
                self._key_on_hands(view, key)
            case HandsView() as view:
                self._key_on_outcome(view, key)
        return "stay"

    def _go(self, step: Step, note: str = "") -> None:
        self._step, self._note, self._typed, self._counts = step, note, "", ()
        self._waiting = self._asks = False

    def _key_on_meeting(self, view: MeetingView, key: Key) -> Move:
        if view.shown is None:
            return "leave" if key == BACK else "stay"
        if view.closing:
            self._go("meeting")
            if key == "1":
                self._say(StepMeeting(visit=self._visit, meeting=view.shown.meeting.id, step="closed"))
            return "stay"
        if key == BACK:
            return "leave"
        number, others = digit(key), view.shown.others
        if number in (7, 8) and len(others) > 1:
            place = others.index(view.shown.meeting.id) if view.shown.meeting.id in others else 0
            self._say(OpenMeeting(visit=self._visit, meeting=others[turned(place, len(others), number)]))
        elif number is not None and 1 <= number <= len(view.can):
            self._chosen(view.shown, view.can[number - 1])
        return "stay"

    def _chosen(self, shown: MeetingShown, what: str) -> None:
        self._page = 0
        match what:
            case "absent":
                self._go("absent")
            case "agenda":
                self._go("agenda")
            case "open":
                self._go("meeting")
                self._say(StepMeeting(visit=self._visit, meeting=shown.meeting.id, step="opened"))
            case _:
                self._go("closing")

    def _key_on_absent(self, view: AbsentView, key: Key) -> None:
        number = digit(key)
        assert self._shown is not None
        meeting = self._shown.meeting.id
        if key == BACK:
            self._go("meeting")
        elif number in (7, 8) and view.pages > 1:
            self._note = ""
            page = turned(view.page, view.pages, number)
            self._say(OpenMeeting(visit=self._visit, meeting=meeting, page=page))
        elif number is not None and 1 <= number <= len(view.absent):
            one = view.absent[number - 1]
            if is_entered(one):
                self._back, self._asks, self._note = one, True, ""
                return
            self._entering, self._back, self._note = one.name, None, words_meetings.SAVING
            self._say(EnterPerson(visit=self._visit, meeting=meeting, person=one.person))

    def _key_on_taking_back(self, one: AbsentShown, key: Key) -> None:
        assert self._shown is not None
        if key == BACK:
            self._back, self._asks = None, False
        elif key == "1":
            self._asks, self._entering, self._note = False, "", words_meetings.SAVING
            self._say(TakeBackPerson(visit=self._visit, meeting=self._shown.meeting.id, person=one.person))

    def _key_on_agenda(self, view: AgendaView, key: Key) -> None:
        number = digit(key)
        if key == BACK:
            self._go("meeting")
        elif number in (7, 8) and view.pages > 1:
            self._page = turned(view.page, view.pages, number)
        elif number is not None and 1 <= number <= len(view.items):
            self._item = view.items[number - 1].id
            self._go("item")

    def _key_on_item(self, view: ItemView, key: Key) -> None:
        assert self._shown is not None
        if key == BACK:
            self._go("agenda")
        elif key == "1" and not view.now:
            self._note = ""
            self._say(StepMeeting(visit=self._visit, meeting=self._shown.meeting.id, step="item", item=view.item.id))
        elif key == "2" and view.item.options:
            self._go("hands")

    def _key_on_hands(self, view: HandsView, key: Key) -> None:
        if key in (HELD, "repeat"):
            rest = taken_back(self._typed, key)
            if rest is not None:
                self._typed = rest
            elif self._counts and key != HELD:
                self._counts, self._note = self._counts[:-1], ""
            else:
                self._go("item")
        elif key == "enter" and not self._typed:
            self._note = words.TYPE_FIRST
        elif key == "enter":
            count, left = int(self._typed), view.present - sum(self._counts)
            self._typed = ""
            if count > left:
                self._note = words_meetings.too_many(left)
            else:
                self._counts, self._note = (*self._counts, count), ""
        elif digit(key) is not None and len(self._typed) < MOST_DIGITS:
            self._typed, self._note = self._typed + key, ""

    def _key_on_outcome(self, view: HandsView, key: Key) -> None:
        if self._waiting or self._shown is None:
            return
        if key == BACK:
            self._go("hands")
        elif key == "1":
            self._waiting = True
            *votes, abstained = view.counts
            meeting = self._shown.meeting.id
            self._say(
                EnterVotes(visit=self._visit, meeting=meeting, item=view.item.id, votes=votes, abstained=abstained)
            )

    def agent_said(self, message: ToKiosk) -> None:
        """Take the meeting as it is now, or why something was not written down."""
        match message:
            case MeetingShown() if message.visit == self._visit:
                self._take(message)
            case Sorry() if message.refuses(OpenMeeting, StepMeeting, EnterPerson, TakeBackPerson, EnterVotes):
                if message.refuses(OpenMeeting):
                    self._shown = None
                self._entering, self._back = "", None
                self._go("item" if self._waiting else "meeting" if self._shown is None else self._step)
                self._note = words_meetings.sorry(message.reason)

    def _take(self, shown: MeetingShown) -> None:
        self._shown = shown
        if self._entering and any(one.entered and one.name == self._entering for one in shown.absent):
            self._note, self._entering = words_meetings.entered(self._entering), ""
        if self._back is not None and not self._asks:
            person = self._back.person
            if not any(one.person == person and is_entered(one) for one in shown.absent):
                self._note, self._back = words_meetings.taken_back(self._back.name), None
        if self._waiting:
            self._go("item")
        if not shown.chairs:
            self._go("meeting")

    def agent_away(self) -> None:
        """The flow ends the visit."""
