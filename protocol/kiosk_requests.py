"""What a person asks for in their visit on the kiosk socket: to be away, to swap a window, to be back, a lost card.

Such messages go to the one kiosk where the visit is. Answers are `RequestTaken` of `protocol.kiosk_months`, or `Sorry`.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.kiosk_months import DayWindow, RequestName, WindowMinute
from protocol.kiosk_visits import VisitId
from protocol.units import CodeWord, DayText, PersonId, ShortText

MOST_TURNS, MOST_COLLEAGUES, MOST_SWAPS = 24, 120, 12

# Agent to kiosk.


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on the station's list who could take a window over."""

    person: PersonId
    name: ShortText
    not_for: Annotated[list[Annotated[int, Meta(ge=0, lt=MOST_TURNS)]], Meta(max_length=MOST_TURNS)] = []
    """Which of ``turns``, counted from 0, they can't take over: they are in a window then, or away, as far as the
    station knows."""


class SwapAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A window that somebody wants the person of the visit to take over, and to which they have not said anything."""

    request: RequestName
    name: ShortText
    """Who asks."""
    day: DayText
    start: WindowMinute
    end: WindowMinute
    window: ShortText = ""


class AskingShown(Line, frozen=True, kw_only=True, tag="asking"):
    """What the person of the visit can ask for here."""

    visit: VisitId
    today: DayText | None = None
    """None: the station does not know what day it is. Then days are typed with their year."""
    turns: Annotated[list[DayWindow], Meta(max_length=MOST_TURNS)] = []
    """The person's windows to come that can be swapped, the next first."""
    people: Annotated[list[Colleague], Meta(max_length=MOST_COLLEAGUES)] = []
    """Who could take one over: those who have windows here first."""
    swaps: Annotated[list[SwapAsked], Meta(max_length=MOST_SWAPS)] = []


# Kiosk to agent.


class OpenAsking(Line, frozen=True, kw_only=True, tag="open_asking"):
    """The person of the visit wants to ask for something; the answer is `AskingShown`."""

    visit: VisitId


class AskFor(Line, frozen=True, kw_only=True, tag="ask_for"):
    """The person of the visit asks for something."""

    visit: VisitId
    kind: CodeWord
    """``leave``, ``field_duty``, ``residency`` from ``first`` to ``last``; ``swap`` of the window of ``first`` that
    begins at ``start``, with ``substitute``; ``leave_ended`` from now on; ``card_lost``."""
    code: CodeWord | None = None
    """Of leave: its kind."""
    first: DayText | None = None
    last: DayText | None = None
    from_noon: bool = False
    """The first day only from noon on."""
    until_noon: bool = False
    """The last day only until noon."""
    start: WindowMinute | None = None
    substitute: PersonId = ""


class Agree(Line, frozen=True, kw_only=True, tag="agree"):
    """The person of the visit takes a window over, or does not."""

    visit: VisitId
    request: RequestName
    agrees: bool
