"""What can be on the screen of meetings, as plain values."""

from typing import ClassVar, Literal

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk_meetings import AbsentShown, ItemShown, MeetingLine, MeetingShown
from protocol.units import WallMs

type MeetingKey = Literal["absent", "agenda", "open", "close"]
"""What the chair chooses by a number on the page of the meeting."""


class MeetingsView(msgspec.Struct, frozen=True):
    """The next meetings, as everybody may see them. Without ``dated`` the time is not known."""

    lines: tuple[MeetingLine, ...]
    minute: WallMs
    dated: bool
    face: ClassVar[Face] = "meetings"
    deaf_ms: ClassVar[int] = SCREEN_MS


class MeetingView(msgspec.Struct, frozen=True):
    """A meeting in a visit. ``shown`` is None while it is asked for, or where ``note`` says why.

    ``closing``: the chair is asked whether the meeting is over.
    """

    visit: str
    shown: MeetingShown | None
    note: str
    closing: bool = False
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def can(self) -> tuple[MeetingKey, ...]:
        """What 1, 2, 3 open."""
        if self.shown is None or not self.shown.chairs:
            return ()
        step: MeetingKey = "open" if self.shown.step in ("", "closed") else "close"
        return ("absent", "agenda", step)

    @property
    def face(self) -> Face:
        """This meeting, and what its keys do now. Who comes meanwhile makes no other screen of it."""
        name = self.shown.meeting.id if self.shown is not None else ""
        return ("meeting", self.visit, name, self.can, self.closing)


def is_entered(one: AbsentShown) -> bool:
    """Tell whether the chair has entered somebody, so that a number takes that back."""
    return one.entered or one.vouched


class AbsentView(msgspec.Struct, frozen=True):
    """Who has not signed in by a touch, for the chair, who enters one by a number, or takes an entry back.

    ``asks``: whose entry the chair is asked about.
    """

    visit: str
    absent: tuple[AbsentShown, ...]
    page: int
    pages: int
    note: str
    asks: AbsentShown | None = None
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """Whom the number keys enter now: whoever signs in meanwhile moves the others."""
        if self.asks is not None:
            return ("meeting back", self.visit, self.asks.person)
        return ("meeting absent", self.visit, tuple((one.person, is_entered(one)) for one in self.absent))


class AgendaView(msgspec.Struct, frozen=True):
    """A page of the agenda. ``now`` is the item that is dealt with."""

    visit: str
    items: tuple[ItemShown, ...]
    now: str
    page: int
    pages: int
    note: str = ""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The items that the number keys open now."""
        return ("meeting agenda", self.visit, tuple(one.id for one in self.items))


class ItemView(msgspec.Struct, frozen=True):
    """One item of the agenda, and the outcome of its vote."""

    visit: str
    item: ItemShown
    now: bool
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This item."""
        return ("meeting item", self.visit, self.item.id, self.now, bool(self.item.votes))


class HandsView(msgspec.Struct, frozen=True):
    """Hands that are counted. ``option`` is the place of what is asked for now; after the last one it is confirmed."""

    visit: str
    item: ItemShown
    counts: tuple[int, ...]
    """Of the options before, and at the end of those who abstain."""
    typed: str
    present: int
    note: str
    waiting: bool
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def option(self) -> int:
        """Which option is asked for now."""
        return len(self.counts)

    @property
    def is_asked(self) -> bool:
        """Whether a number of hands is typed now."""
        return self.option <= len(self.item.options)

    @property
    def face(self) -> Face:
        """What is asked for. Figures that appear make no other screen of it."""
        return ("meeting hands", self.visit, self.item.id, self.option, self.waiting)


type OfMeetings = MeetingsView | MeetingView | AbsentView | AgendaView | ItemView | HandsView
