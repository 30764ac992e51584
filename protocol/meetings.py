"""Meetings in bundles: who is expected at which meeting, who of them votes, and what makes a quorum.

What a touch or an entry at a kiosk means for a meeting is said in section 11.2 of ``docs/protocol.md``.
"""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message, VersionedMessage
from protocol.units import CodeWord, CodeWordOrNone, FileName, PersonId, ShortText, WallMs

MEETING_KINDS = (
    "members",
    "committee",
    "group",
    "lecture",
    "party_day",
    "representatives",
    "villagers",
    "village_committee",
    "other",
)
"""支部党员大会, 支委会, 党小组会, 党课, 主题党日, 村民代表会议, 村民会议, 村委会, and any other."""
EXCUSES = ("leave", "field_duty", "meeting")
"""Why somebody is excused: 请假, 外出报备, 会."""
MAX_MEETINGS = 60
MAX_EXPECTED = 500
MAX_AGENDA = 30
MAX_OPTIONS = 6
SIGN_IN_BEFORE_MS = 60 * 60_000
"""A touch signs in from so long before the begin (`docs/rules.md`, section 7)."""
ON_TIME_MS = 10 * 60_000
"""Whoever signs in later than so long after the begin is late; at that moment the quorum is judged."""
_VOUCHING = "meeting:"
_TAKING_BACK = "meeting-back:"

type MeetingId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}\Z")]
"""The county's id of a meeting. It fits into the purpose of a `protocol.facts_requests.PersonVouched`."""
type ItemId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")]


def vouching_for(meeting: MeetingId) -> CodeWord:
    """Return the purpose of a fact with which somebody says that a person is at this meeting."""
    return _VOUCHING + meeting


def meeting_vouched(purpose: CodeWord | None) -> MeetingId:
    """Return the meeting that a purpose names, or an empty string if it names none."""
    return _after(_VOUCHING, purpose)


def taking_back(meeting: MeetingId) -> CodeWord:
    """Return the purpose of a fact with which the chair takes back that somebody was said to be at this meeting."""
    return _TAKING_BACK + meeting


def meeting_taken_back(purpose: CodeWord | None) -> MeetingId:
    """Return the meeting for which a purpose takes back what was said of somebody, or an empty string."""
    return _after(_TAKING_BACK, purpose)


def _after(prefix: str, purpose: CodeWord | None) -> MeetingId:
    return purpose.removeprefix(prefix) if purpose is not None and purpose.startswith(prefix) else ""


class Quorum(Message, frozen=True, kw_only=True):
    """How many of the voters expected must have come; the excused are among these."""

    rule: Literal["at_least", "more_than"]
    numerator: Annotated[int, Meta(ge=1, le=100)]
    denominator: Annotated[int, Meta(ge=1, le=100)]

    def __post_init__(self) -> None:
        """Refuse more than all, and more than all but one of them."""
        if self.numerator > self.denominator or (self.rule == "more_than" and self.numerator == self.denominator):
            raise ValueError("Expected a share that can be reached")

    def needed(self, voters: int) -> int:
        """Return how many voters make a quorum where so many are expected."""
        whole, rest = divmod(voters * self.numerator, self.denominator)
        return whole + (1 if self.rule == "more_than" or rest else 0)


class Expected(Message, frozen=True, kw_only=True, array_like=True):
    """``[person, name, votes, excused]``: somebody who is expected."""

    person: PersonId
    name: ShortText
    """As people know them; of namesakes, with what tells them apart."""
    votes: bool = True
    excused: CodeWordOrNone = ""
    """One of `EXCUSES`, or a word of a later release; empty: expected to come."""


class AgendaItem(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the meeting deals with."""

    id: ItemId
    title: ShortText
    options: Annotated[list[ShortText], Meta(max_length=MAX_OPTIONS)] = []
    """What can be voted for by show of hands, beside to abstain; empty: there is no vote."""


class Paper(Message, frozen=True, kw_only=True, array_like=True):
    """``[bundle, document, title]``: a document on the shelf (`protocol.documents`)."""

    bundle: FileName
    document: ShortText
    title: ShortText


class Meeting(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One meeting as it is announced now."""

    id: MeetingId
    title: ShortText
    kind: CodeWord
    """One of `MEETING_KINDS`, or a word of a later release."""
    of: ShortText = ""
    """Whose meeting it is: a branch, a village, a township, as people call it."""
    place: ShortText = ""
    begin: WallMs
    end: WallMs
    chair: PersonId = ""
    expected: Annotated[list[Expected], Meta(max_length=MAX_EXPECTED)] = []
    quorum: Quorum | None = None
    """Absent: the meeting needs none."""
    agenda: Annotated[list[AgendaItem], Meta(max_length=MAX_AGENDA)] = []
    papers: Annotated[list[Paper], Meta(max_length=16)] = []
    here: bool = True
    """People sign in at the station that the bundle is for. Otherwise the station announces it and no more."""
    cancelled: bool = False

    def __post_init__(self) -> None:
        """Refuse an end that does not follow the begin, and a person or an item that stands there twice."""
        if self.end <= self.begin:
            raise ValueError("Expected `end` later than `begin`")
        if len({one.person for one in self.expected}) < len(self.expected):
            raise ValueError("Expected each person once")
        if len({one.id for one in self.agenda}) < len(self.agenda):
            raise ValueError("Expected each item once")

    def needed(self) -> int | None:
        """Return how many voters must have come, or None where the meeting needs no quorum."""
        return self.quorum.needed(sum(one.votes for one in self.expected)) if self.quorum is not None else None

    def signs_in(self, wall: WallMs) -> bool:
        """Tell whether a touch at this time signs in."""
        minute = 60_000
        return (self.begin - SIGN_IN_BEFORE_MS) // minute <= wall // minute <= self.end // minute

    def is_late(self, wall: WallMs) -> bool:
        """Tell whether somebody who signed in at this time is late."""
        return wall // 60_000 > (self.begin + ON_TIME_MS) // 60_000


class Meetings(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``meetings``: those of a station's village from yesterday to some weeks ahead, by begin."""

    meetings: Annotated[list[Meeting], Meta(max_length=MAX_MEETINGS)] = []

    def __post_init__(self) -> None:
        """Refuse the same meeting twice."""
        if len({one.id for one in self.meetings}) < len(self.meetings):
            raise ValueError("Expected each meeting once")
