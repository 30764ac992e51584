"""Questions to the village on the kiosk socket, and calls for help: what people ask, and what became of it.

A question goes to the agent by codes. Its answer is a receipt number, which is sent once the fact is on disk.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.feedback import RECEIPT_DIGITS
from protocol.kiosk_line import Line
from protocol.kiosk_visits import VisitId
from protocol.units import CodeWord, LongText, ShortText, WallMs

type ReceiptNumber = Annotated[str, Meta(pattern=rf"^[0-9]{{{RECEIPT_DIGITS}}}\Z")]
type Rating = Annotated[int, Meta(ge=1, le=5)]


class HelpState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the last call for help here."""

    asked: WallMs
    """When somebody asked; 0: the station did not know the time."""
    sent: bool = False
    """The county has it."""
    seen: WallMs = 0
    """When somebody of the township saw it, by the county's clock; 0: nobody has yet."""
    by: ShortText = ""
    """Who saw it."""


class HelpContact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom people here may telephone."""

    name: ShortText
    phone: ShortText


# Agent to kiosk.


class FeedbackTaken(Line, frozen=True, kw_only=True, tag="feedback"):
    """A question is on disk, and is found again by this number."""

    number: ReceiptNumber
    named: bool = False
    """It was asked in a visit, with the person's name."""


class FollowedUp(Line, frozen=True, kw_only=True, tag="followed_up"):
    """What became of the question with this number. A number that nobody has is answered by ``known`` false."""

    number: ReceiptNumber
    known: bool = False
    given: WallMs = 0
    """When it was asked; 0: that is not known."""
    topic: CodeWord | None = None
    matter: CodeWord | None = None
    sent: bool | None = None
    """The county has it; absent where this station can't tell."""
    state: CodeWord | None = None
    """``answered`` or ``passed_on``; absent: nobody has dealt with it yet, as far as this station knows."""
    office: ShortText = ""
    at: WallMs = 0
    text: LongText = ""
    rating: Annotated[int, Meta(ge=0, le=5)] = 0
    """How the answer was rated here; 0: not yet."""


# Kiosk to agent.


class GiveFeedback(Line, frozen=True, kw_only=True, tag="give_feedback"):
    """Somebody confirms a question. The answer is `FeedbackTaken`, or `Sorry` with ``not_recorded`` or ``too_many``."""

    topic: CodeWord
    matter: CodeWord
    about: ShortText = ""
    """The bundle that was being read, and of that the item."""
    item: ShortText = ""
    visit: VisitId | None = None
    """The person of this visit gives their name; absent: nobody is named."""


class FollowUp(Line, frozen=True, kw_only=True, tag="follow_up"):
    """Somebody typed a receipt number. The answer is `FollowedUp`, or `Sorry` with ``too_many_tries``."""

    number: ReceiptNumber


class RateAnswer(Line, frozen=True, kw_only=True, tag="rate_answer"):
    """Whoever followed a question up says how the answer was. The agent answers with `FollowedUp` again."""

    number: ReceiptNumber
    rating: Rating
