"""The duty board on the kiosk socket: who is on duty today, and what the board goes by."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.units import CodeWord, CodeWordOrNone, ShortText

type WindowState = Literal["running", "coming", "over"]


class DutyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person in one window of today. Times are minutes after midnight of the window's date; above 1440, of the next
    day."""

    name: ShortText
    window: ShortText
    start: int
    end: int
    arrived: int | None
    left: int | None
    apart: ShortText = ""
    """The end of the person's number, if somebody else on this list has the same name."""
    state: WindowState = "running"
    closed: bool = False
    """No touch can count for this window any more."""
    arrivals_over: bool = False
    """No touch can count as this window's arrival any more."""
    arrived_by_time: bool = False
    """The touch shown in ``arrived`` was stored without a direction and stands there because of its time. The county
    decides later what it is."""
    left_by_time: bool = False
    """The same for ``left``."""
    leads: bool = False
    """The person leads on this date (带班)."""
    away: CodeWordOrNone = ""
    """Why the person need not be here now: ``leave``, ``field_duty``, ``meeting``, or a word of a later release."""
    instead_of: ShortText = ""
    """Who gave the window away to this person."""
    departs: bool = True
    """False: nobody need touch when leaving."""


class StoppedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of today that a notice takes away whole (停班)."""

    window: ShortText
    why: ShortText = ""


class DutyToday(msgspec.Struct, frozen=True, kw_only=True):
    """What the duty board of today goes by."""

    by: CodeWord = "dates"
    """``dates``: the county's word about this date. ``week``: the windows by the weekday, because that word is not
    here."""
    calendar: CodeWordOrNone = ""
    """``off``: no work today. ``swapped``: a weekend's day with work."""
    name: ShortText = ""
    """Of the holiday."""
    stopped: Annotated[list[StoppedWindow], Meta(max_length=8)] = []
