"""Who is on duty in a village on each date: the content of a ``duty`` bundle.

The county reckons it from rosters, posts, swaps, absences, notices and the calendar, so a station needs none of them.
What repeats from date to date is said once and named by its place in a list. Reasons and marks are open words and no
closed lists: a reader leaves an item with an unknown word of a closed list out, and the places behind it would shift.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message, VersionedMessage
from protocol.twin import Minute
from protocol.units import CodeWord, CodeWordOrNone, DayText, PersonId, ShortText

MAX_DUTY_DATES = 70
_DAY_MIN = 24 * 60

type Place = Annotated[int, Meta(ge=0, le=9_999)]
"""A place in one of the lists, from 0."""

ABSENT = ("leave", "field_duty", "meeting")
"""Why somebody who is due may be away, as this version knows it."""


class DutyPerson(Message, frozen=True, kw_only=True, array_like=True):
    """``[id, name, village]``: somebody who is in a window. The station knows its own village's people by name."""

    id: PersonId
    name: ShortText = ""
    """Empty for the village's own people."""
    village: ShortText = ""


class DutyTerms(Message, frozen=True, kw_only=True, array_like=True):
    """``[id, name, start, end, marks, elsewhere]``: what a window is on some dates.

    A window whose terms change has several of these, at most one on a date.
    """

    id: ShortText
    name: ShortText
    start: Minute
    end: Minute
    """Above 1440 it ends on the next date."""
    marks: CodeWord = "each"
    """``each``: arrival and departure. ``ends``: the date's windows that have it are one. ``arrival``: no departure. A
    word of a later version is read as ``each``."""
    elsewhere: bool = False
    """It is another village's: it bounds the spans of its people here and is not shown."""


class DutyCrew(Message, frozen=True, kw_only=True, array_like=True):
    """``[window, people, leaders]``: who is due in a window, by their places. Leaders (带班) are among the people."""

    window: Place
    people: Annotated[list[Place], Meta(max_length=200)]
    leaders: Annotated[list[Place], Meta(max_length=200)] = []


class DutyLess(Message, frozen=True, kw_only=True, array_like=True):
    """``[window, person, why, begin, end, text, taker]``: what is taken of a window, and what is left.

    ``[begin, end)`` is left of it, in minutes after midnight of the date; nothing if the two are equal.
    """

    window: Place
    person: Place | None = None
    """None: everybody in it."""
    why: CodeWord
    """``notice``: a notice stops work. ``leave``, ``field_duty``, ``meeting``: the person is away. ``swapped``:
    ``taker`` has taken the window over. Or a word of a later version."""
    begin: Minute = 0
    end: Minute = 0
    text: ShortText = ""
    """Of a notice: what for."""
    taker: Place | None = None


class DutyDay(Message, frozen=True, kw_only=True, array_like=True):
    """``[crews, calendar, name, provisional, less]``: one date."""

    crews: Annotated[list[Place], Meta(max_length=400)] = []
    calendar: CodeWordOrNone = ""
    """``off``: a weekday without work. ``swapped``: a day of a weekend with work (调休). Empty: as the week has it."""
    name: ShortText = ""
    """Of the holiday."""
    provisional: bool = False
    """The calendar may still change."""
    less: Annotated[list[DutyLess], Meta(max_length=1_000)] = []


class DutyDays(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``duty``: the dates from ``first`` on, without gaps. It says nothing of any other date."""

    first: DayText
    people: Annotated[list[DutyPerson], Meta(max_length=1_000)] = []
    windows: Annotated[list[DutyTerms], Meta(max_length=1_000)] = []
    crews: Annotated[list[DutyCrew], Meta(max_length=10_000)] = []
    days: Annotated[list[DutyDay], Meta(min_length=1, max_length=MAX_DUTY_DATES)]

    def __post_init__(self) -> None:
        """Refuse a first date that is none, windows of impossible length, and places that are not there."""
        date.fromisoformat(self.first)
        for terms in self.windows:
            if not terms.start < terms.end <= terms.start + _DAY_MIN:
                raise ValueError("Expected a window that ends after it starts and lasts a day at most")
        for crew in self.crews:
            _expect(crew.window < len(self.windows) and _all_below(crew.people, len(self.people)))
            _expect(set(crew.leaders) <= set(crew.people))
        for day in self.days:
            self._check_day(day)

    def _check_day(self, day: DutyDay) -> None:
        _expect(_all_below(day.crews, len(self.crews)))
        here = [self.crews[place].window for place in day.crews]
        if len({self.windows[window].id for window in here}) < len(here):
            raise ValueError("Expected each window once a date")
        for less in day.less:
            _expect(less.window < len(self.windows) and less.begin <= less.end)
            _expect(_all_below((one for one in (less.person, less.taker) if one is not None), len(self.people)))


def _all_below(places: Iterable[int], length: int) -> bool:
    return all(place < length for place in places)


def _expect(there: bool) -> None:
    if not there:
        raise ValueError("Expected places that are there, and leaders who are in the crew")
