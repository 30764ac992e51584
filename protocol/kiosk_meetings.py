"""Meetings on the kiosk socket: what all may see of them, what a touch does for them, and what their chair enters.

Names go to one kiosk alone: those of who has not come, in the visit of the chair, and the one for whom the person who
has just touched may vouch, with that touch.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.facts_public import Count
from protocol.kiosk_line import Line
from protocol.meetings import MAX_AGENDA, MAX_OPTIONS, ItemId, MeetingId
from protocol.units import CodeWord, CodeWordOrNone, FactRef, PersonId, ShortText, WallMs

ABSENT_LINES = 6
"""Of one page."""
HOME_MEETINGS = 6

type VisitId = Annotated[str, Meta(max_length=32)]


class MeetingCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many have come, as this station sees it. The county decides."""

    expected: int
    came: int
    """Signed in, the late among them."""
    late: int = 0
    excused: int = 0
    """Excused, and have not come."""
    voters: int = 0
    voters_came: int = 0
    needed: int | None = None
    """How many voters make a quorum; none: the meeting needs no quorum."""
    began_with: int | None = None
    """How many voters had come ten minutes after the begin, when the quorum is judged; none: before that."""
    undated: int = 0
    """Have touched while the station did not know the time: the county judges it."""
    entered: int = 0
    """Entered by the chair, and nobody has vouched for them yet."""


class MeetingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting as everybody here may see it."""

    id: MeetingId
    title: ShortText
    kind: CodeWord
    of: ShortText = ""
    place: ShortText = ""
    begin: WallMs
    end: WallMs
    here: bool = True
    cancelled: bool = False
    count: MeetingCount | None = None
    """Of a meeting that is near: touches sign in, or its chair may still enter something. Where the time is not known,
    of one that may be near."""


class MeetingSignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a touch did for a meeting at which the person is expected."""

    meeting: MeetingId
    title: ShortText
    state: CodeWord
    """``signed_in``; ``late``; ``again``: they had signed in before; ``undated``: the county will judge it."""
    count: MeetingCount


class VouchAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The chair has entered somebody without a card, and whoever touched may vouch for them."""

    meeting: MeetingId
    person: PersonId
    name: ShortText
    touch: FactRef
    """The touch by which they vouch."""


class ItemShown(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the agenda, with the outcome of its vote as it was entered last."""

    id: ItemId
    title: ShortText
    options: Annotated[list[ShortText], Meta(max_length=MAX_OPTIONS)] = []
    votes: list[Count] = []
    """Empty: none was entered."""
    abstained: Count = 0
    present: Count = 0


class AbsentShown(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody expected who has not signed in, or for whom somebody else vouched."""

    person: PersonId
    name: ShortText
    entered: bool = False
    """The chair has entered them, and may take that back."""
    excused: CodeWordOrNone = ""
    vouched: bool = False
    """They have signed in, but only by the word of somebody else; the chair may take that back too."""


# Agent to kiosk.


class MeetingShown(Line, frozen=True, kw_only=True, tag="meeting"):
    """A meeting in the visit of somebody who is expected there, or of its chair. It comes anew whenever it changes."""

    visit: VisitId
    meeting: MeetingLine
    others: list[MeetingId] = []
    """All meetings near at which the person is expected, or which they chair, this one among them."""
    own: CodeWordOrNone = ""
    """The person's own: as in `MeetingSignedIn.state` without ``again``; ``excused``; empty: not signed in."""
    own_at: WallMs = 0
    chairs: bool = False
    """The person is the chair, and may enter what follows."""
    step: Literal["", "opened", "item", "sign_in_closed", "closed", "cancelled"] = ""
    """How far the chair has said it is."""
    item: ShortText = ""
    """Which item is dealt with."""
    agenda: Annotated[list[ItemShown], Meta(max_length=MAX_AGENDA)] = []
    present: Count = 0
    """How many may be entered as having voted or abstained now."""
    absent: Annotated[list[AbsentShown], Meta(max_length=ABSENT_LINES)] = []
    """A page of those who have not signed in by a touch of their own, for the chair."""
    page: Annotated[int, Meta(ge=0)] = 0
    pages: Annotated[int, Meta(ge=1)] = 1


class Vouched(Line, frozen=True, kw_only=True, tag="vouched"):
    """It is on the disk that somebody vouched."""

    touch: FactRef
    count: MeetingCount
    next: VouchAsked | None = None
    """The next whom the chair has entered."""


# Kiosk to agent.


class OpenMeeting(Line, frozen=True, kw_only=True, tag="open_meeting"):
    """The person of a visit looks at a meeting; the answer is `MeetingShown`. Empty: the one that begins next."""

    visit: VisitId
    meeting: ShortText = ""
    page: Annotated[int, Meta(ge=0)] = 0


class StepMeeting(Line, frozen=True, kw_only=True, tag="step_meeting"):
    """The chair says how far the meeting is; the answer is `MeetingShown`."""

    visit: VisitId
    meeting: ShortText
    step: Literal["opened", "item", "closed"]
    item: ShortText = ""


class EnterPerson(Line, frozen=True, kw_only=True, tag="enter_person"):
    """The chair enters somebody without a card; the answer is `MeetingShown`."""

    visit: VisitId
    meeting: ShortText
    person: PersonId


class TakeBackPerson(Line, frozen=True, kw_only=True, tag="take_back_person"):
    """The chair takes back that somebody without a card is there; the answer is `MeetingShown`."""

    visit: VisitId
    meeting: ShortText
    person: PersonId


class EnterVotes(Line, frozen=True, kw_only=True, tag="enter_votes"):
    """The chair enters the outcome of a show of hands; the answer is `MeetingShown`."""

    visit: VisitId
    meeting: ShortText
    item: ShortText
    votes: Annotated[list[Count], Meta(min_length=1, max_length=MAX_OPTIONS)]
    abstained: Count = 0


class Vouch(Line, frozen=True, kw_only=True, tag="vouch"):
    """Whoever touched says that somebody else is here; the answer is `Vouched`."""

    touch: FactRef
    meeting: ShortText
    person: PersonId
