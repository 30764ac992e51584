"""Facts of the village's public life: meetings, records, feedback, scores and ballots."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.units import CodeWord, FactRef, LongText, PersonId, Sha256, ShortText, WallMs

type RecordId = Annotated[bytes, Meta(min_length=16, max_length=16)]
type FeedbackId = Annotated[bytes, Meta(min_length=16, max_length=16)]
type Count = Annotated[int, Meta(ge=0, le=100_000)]
type MeetingStep = Literal["opened", "item", "sign_in_closed", "closed", "cancelled"]
type Slip = Annotated[bytes, Meta(min_length=16, max_length=16)]
type Ballot = Annotated[bytes, Meta(min_length=1, max_length=64)]

MAX_BALLOTS = 100
"""In one fact: 100 ballots of 64 bytes stay under the largest body."""


class MeetingStepped(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="meeting_step"):
    """A meeting has got one step further."""

    meeting: ShortText
    step: MeetingStep
    item: ShortText = ""
    note: LongText = ""
    by: FactRef | None = None


class VotesCounted(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="votes_counted"):
    """The outcome of a vote by show of hands, as it was entered at the kiosk."""

    meeting: ShortText
    question: ShortText
    votes: Annotated[list[Count], Meta(min_length=1, max_length=20)]
    """For each option, in their order."""
    present: Count
    abstained: Count = 0
    by: FactRef


class RecordMade(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="record_made"):
    """A work record (工作记实)."""

    record: RecordId
    by: FactRef
    area: CodeWord
    title: ShortText
    text: LongText = ""
    happened: WallMs | None = None
    people: Annotated[list[PersonId], Meta(max_length=50)] = []
    blobs: Annotated[list[Sha256], Meta(max_length=16)] = []


class RecordWithdrawn(StationFact, frozen=True, kw_only=True, tag="record_withdrawn"):
    """A work record is taken back. It stays, with who took it back and why."""

    record: RecordId
    by: FactRef
    reason: LongText


class FeedbackGiven(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="feedback_given"):
    """A villager's question or complaint. Without ``by`` it is anonymous."""

    feedback: FeedbackId
    by: FactRef | None = None
    about: ShortText = ""
    """The bundle that it is about, and of that the item."""
    item: ShortText = ""
    text: LongText = ""
    blobs: Annotated[list[Sha256], Meta(max_length=4)] = []
    topic: ShortText = ""
    """What it is about and what is wrong with it: codes of `protocol.feedback`, or of a later version."""
    matter: ShortText = ""


class FeedbackRated(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="feedback_rated"):
    """The villager says how the reply was."""

    feedback: FeedbackId
    rating: Annotated[int, Meta(ge=1, le=5)]
    note: LongText = ""
    by: FactRef | None = None


class ScoreGiven(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="score_given"):
    """A score on a sheet of the assessment, in hundredths of a point."""

    sheet: ShortText
    indicator: ShortText
    person: PersonId
    hundredths: Annotated[int, Meta(ge=-100_000, le=100_000)]
    note: LongText = ""
    by: FactRef


class BallotsSealed(StationFact, frozen=True, kw_only=True, tag="ballots_sealed"):
    """Ballots of a secret vote, shuffled, so that their order tells nothing."""

    poll: ShortText
    ballots: Annotated[list[Ballot], Meta(min_length=1, max_length=MAX_BALLOTS)]


class SlipsSpent(StationFact, frozen=True, kw_only=True, tag="slips_spent"):
    """The slips with which people voted, each good once; nothing says which ballot was whose."""

    poll: ShortText
    slips: Annotated[list[Slip], Meta(min_length=1, max_length=MAX_BALLOTS)]
