"""Visits on the kiosk socket: somebody has shown who they are, and sees what is theirs until they leave.

Such messages go to the one kiosk where the person stands, never to all.
"""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.units import CodeWord, Direction, DurationMs, FileName, ShortText

type VisitId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
"""Random; a kiosk that names another visit than the running one gets ``sorry`` with ``too_late``."""

type NumberTyped = Annotated[str, Meta(pattern=r"^[0-9]{1,13}\Z")]
type PinTyped = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]

# Agent to kiosk.


class VisitShown(Line, frozen=True, kw_only=True, tag="visit"):
    """A visit is running at this kiosk, or has just ended (``ends_in_ms`` 0)."""

    visit: VisitId
    name: ShortText = ""
    opened_by: Literal["card", "number"] = "card"
    ends_in_ms: DurationMs = 0
    """Without a key for so long it ends. Each key that the kiosk tells of begins the time anew."""
    ended: Literal["", "left", "time", "card", "restart", "county"] = ""
    can: list[CodeWord] = []
    """What the person may open or do: ``set_pin``, ``clock``, ``learning``, ``notices``, and codes of later
    features."""


class PinAsked(Line, frozen=True, kw_only=True, tag="pin"):
    """What became of a number and its PIN, or of a new PIN. Nothing personal is in it."""

    answer: CodeWord
    """``accepted``, ``set``, ``wrong_pin``, ``no_pin``, ``locked``, ``not_allowed``, ``unknown``, ``common``,
    ``same``."""
    tries_left: Annotated[int, Meta(ge=0, le=100)] | None = None
    locked_for_ms: DurationMs = 0


class DocumentShown(Line, frozen=True, kw_only=True, tag="document"):
    """A page of a document that was opened."""

    bundle: FileName
    title: ShortText
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1
    of: Annotated[int, Meta(ge=1, le=10_000)] = 1
    lines: Annotated[list[str], Meta(max_length=200)] = []


# Kiosk to agent.


class EnterNumber(Line, frozen=True, kw_only=True, tag="enter_number"):
    """Somebody entered a number and a PIN, to open a visit or, with ``clocks``, to clock in or out."""

    number: NumberTyped
    pin: PinTyped
    clocks: bool = False
    direction: Direction | None = None


class SetPin(Line, frozen=True, kw_only=True, tag="set_pin"):
    """The person of the running visit sets a PIN."""

    visit: VisitId
    pin: PinTyped


class EndVisit(Line, frozen=True, kw_only=True, tag="end_visit"):
    """The person leaves."""

    visit: VisitId


class OpenDocument(Line, frozen=True, kw_only=True, tag="open_document"):
    """Show a page of a document of the shelf."""

    bundle: FileName
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1
