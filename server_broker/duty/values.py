"""What rosters, posts, swaps and the calendar say, as plain values. Who is due is reckoned from these alone.

A local minute is counted from the first midnight of the calendar (`minute_at`), so that windows of neighbouring dates
can be compared.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server_broker.attendance.seasons import ALL_YEAR, Season, in_season

MINUTES_A_DAY = 1440
MONDAY_TO_FRIDAY = frozenset(range(1, 6))


def minute_at(day: dt.date, minutes: int) -> int:
    """Return the local minute that lies ``minutes`` after a date's midnight."""
    return day.toordinal() * MINUTES_A_DAY + minutes


@dataclass(frozen=True, slots=True)
class Days:
    """Dates from ``first`` on and before ``until``. None is without end on that side."""

    first: dt.date | None = None
    until: dt.date | None = None

    def __contains__(self, day: dt.date) -> bool:
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


ALWAYS = Days()


@dataclass(frozen=True, slots=True)
class Crew:
    """Who is in a window: people and posts by their ids, and which of them lead."""

    people: frozenset[int] = frozenset()
    posts: frozenset[int] = frozenset()
    leaders: frozenset[int] = frozenset()
    leader_posts: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """What a window is in some days. ``start`` and ``end`` are minutes after midnight; ``end`` may be above 1440."""

    id: int
    village: int
    """Identity of the region whose roster it is on."""
    name: str
    start: int
    end: int
    crew: Crew
    weekdays: frozenset[int] = frozenset()
    """ISO weekdays; Monday is 1."""
    named_days: bool = False
    """Only dates that are named count, and no weekdays."""
    season: Season = ALL_YEAR
    marks: str = "each"
    days: Days = ALWAYS

    def in_season(self, day: dt.date) -> bool:
        """Tell whether a date lies in the window's season."""
        return in_season(self.season, day)


@dataclass(frozen=True, slots=True)
class Held:
    """How somebody holds a post in some days: ``held``, or why they are away from it."""

    person: int
    post: int
    state: str = "held"
    days: Days = ALWAYS


@dataclass(frozen=True, slots=True)
class Agreed:
    """A swap: the local minute at which both had agreed."""

    giver: int
    taker: int
    at: int


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """Whether a date is a working day, and by whose word that is only provisional."""

    working: bool
    provisional: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A stop notice (停班): local minutes, and why."""

    begin: int
    end: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rosters:
    """All that bears on who is due in some villages and dates.

    The calendar has two dates more at both ends, because a window of one date may overlap those of its neighbours.
    """

    calendar: Mapping[dt.date, CalendarDay]
    windows: Sequence[Window] = ()
    named: Mapping[tuple[int, dt.date], Crew] = field(default_factory=dict)
    """Who is in a window on a named date."""
    swaps: Mapping[tuple[int, dt.date], Sequence[Agreed]] = field(default_factory=dict)
    """Swaps of a window on a date, in the order in which both had agreed."""
    holdings: Sequence[Held] = ()
    """Of the windows' posts, and all posts of the people who are named or take a window over."""
    left: Mapping[int, Sequence[Days]] = field(default_factory=dict)
    """When people were not on the county's list."""
    notices: Mapping[int, Sequence[Notice]] = field(default_factory=dict)
    """Stop notices that hold in a village."""
