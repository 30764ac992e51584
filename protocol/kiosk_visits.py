"""Visits on the kiosk socket: somebody has shown who they are, and sees what is theirs until they leave.

Such messages go to the one kiosk where the person stands, never to all.
"""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.kiosk_meetings import MeetingLine
from protocol.units import CodeWord, DurationMs, ShortText

type VisitId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
"""Random; a kiosk that names another visit than the running one gets ``sorry`` with ``too_late``."""

type NumberTyped = Annotated[str, Meta(pattern=r"^[0-9]{1,13}\Z")]
type PinTyped = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]

# Agent to kiosk.


class VisitShown(Line, frozen=True, kw_only=True, tag="visit"):
    """A visit runs at this kiosk, or has just ended: then ``ended`` says why, and nothing of it may stay here."""

    visit: VisitId
    name: ShortText = ""
    number: ShortText = ""
    """The figures of the person's number, as they are typed; empty if it is not known here."""
    opened_by: Literal["card", "number"] = "card"
    ended: Literal["", "left", "time", "card", "restart", "county"] = ""
    can: list[CodeWord] = []
    """What the person may open or do: ``month``, ``requests``, ``learning``, ``set_pin``, ``change_pin``, ``clock``,
    ``phone``, and codes of later features, which a kiosk that does not know them leaves out."""
    meeting: MeetingLine | None = None
    """The next meeting at which the person is expected, if touches do not sign in there yet."""


class PinAsked(Line, frozen=True, kw_only=True, tag="pin"):
    """What became of a number and its PIN, or of a new PIN. Nothing personal is in it."""

    answer: CodeWord
    """``wrong``, ``locked``, ``busy``, ``not_allowed``, ``not_recorded``; of a new PIN ``touch_card``, ``set``,
    ``common``, ``own_number``, ``too_late``."""
    tries_left: Annotated[int, Meta(ge=0, le=100)] | None = None
    """No agent says it, and no kiosk shows it: it would have to be said of numbers that nobody has too."""
    locked_for_ms: DurationMs = 0


class PhoneCode(Line, frozen=True, kw_only=True, tag="phone_code"):
    """The person of the visit may open their page on a telephone with this code, for so long."""

    visit: VisitId
    address: Annotated[str, Meta(max_length=200)]
    """What the QR code holds: an ``https`` address with the code in its fragment."""
    code: ShortText
    """The same code, for whoever types it."""
    lasts_ms: DurationMs


# Kiosk to agent.


class OpenVisit(Line, frozen=True, kw_only=True, tag="open_visit"):
    """Whoever touched a moment ago opens their visit, at the kiosk where they press the key."""

    visit: VisitId


class EnterNumber(Line, frozen=True, kw_only=True, tag="enter_number"):
    """Somebody entered a number and a PIN. The answer is `VisitShown`, or `PinAsked` if it opens nothing."""

    number: NumberTyped
    pin: PinTyped


class ClockByNumber(Line, frozen=True, kw_only=True, tag="clock_by_number"):
    """The person, who entered a number, chooses 打卡. The direction follows the rules for a card's."""

    visit: VisitId


class SetPin(Line, frozen=True, kw_only=True, tag="set_pin"):
    """The person of the running visit sets a PIN. It holds once their card is touched again (``touch_card``)."""

    visit: VisitId
    pin: PinTyped


class ShowPhoneCode(Line, frozen=True, kw_only=True, tag="show_phone_code"):
    """The person of the visit wants their page on a telephone; the answer is `PhoneCode`, or `Sorry` with ``no_line``,
    ``no_time`` or ``touch_again``."""

    visit: VisitId


class EndVisit(Line, frozen=True, kw_only=True, tag="end_visit"):
    """The person leaves, or nobody has pressed a key for long (``time``)."""

    visit: VisitId
    why: Literal["left", "time"] = "left"
