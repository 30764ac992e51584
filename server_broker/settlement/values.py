"""What a settlement is reckoned from: plain frozen values, whether a case file or a database gave them.

``known`` of a row is when the county got it; at an earlier T the row is not there. Times are those of `times`.
"""

import datetime as dt
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from server_broker.settlement.times import ALWAYS, FIRST_MINUTE, LAST_MINUTE, NEVER, Minute, Moment

type Way = Literal["in", "out"]
"""A direction that somebody chose: 上班 or 下班. A mark is named by the same words."""
type Rank = Literal["cadre", "secretary", "township", "county"]
type Source = Literal["county", "chinesecalendar", "holidays"]
type Cover = Literal["假", "出", "会"]


class _Row(Struct, frozen=True, kw_only=True):
    known: Moment = ALWAYS


class Region(_Row, frozen=True, kw_only=True):
    """A place and the place above it, from a date on."""

    id: str
    parent: str | None = None
    first: dt.date = dt.date.min


class Table(_Row, frozen=True, kw_only=True):
    """One source's word on the dates from ``first`` to ``last``."""

    source: Source
    first: dt.date
    last: dt.date
    holidays: frozenset[dt.date]
    workdays: frozenset[dt.date]


class Notice(_Row, frozen=True, kw_only=True):
    """Work stops in a region from a minute to a minute."""

    scope: str
    begin: Minute
    end: Minute


class ParameterRow(_Row, frozen=True, kw_only=True):
    """What a region sets from a date on, by the names of the rules."""

    region: str
    first: dt.date
    locked: bool
    values: tuple[tuple[str, int | str], ...]


class Person(_Row, frozen=True, kw_only=True):
    """Somebody, where they belong, and the rank that they have when they decide."""

    id: str
    home: str
    rank: Rank


class Holding(_Row, frozen=True, kw_only=True):
    """Somebody holds a post; both dates included."""

    post: str
    person: str
    first: dt.date
    last: dt.date = dt.date.max


class Away(_Row, frozen=True, kw_only=True):
    """Somebody is seconded, suspended or off post; both dates included."""

    person: str
    kind: str
    first: dt.date
    last: dt.date = dt.date.max


class Binding(_Row, frozen=True, kw_only=True):
    """Who held a card from when to when, and since when it is lost."""

    card: str
    person: str
    begin: Minute
    end: Minute = LAST_MINUTE
    lost: Minute = LAST_MINUTE
    lost_known: Moment = NEVER


class CardOrder(_Row, frozen=True, kw_only=True):
    """A card that is on order for somebody."""

    card: str
    person: str


class RosterWindow(_Row, frozen=True, kw_only=True):
    """A window of a village's roster, and whose it is: that of named persons, or of who holds a post."""

    roster: str
    """The windows of one roster share a day."""
    village: str
    start: int
    """Minutes after midnight."""
    end: int
    """Minutes after the same midnight; more than a day for an end on the next date."""
    persons: frozenset[str] = frozenset()
    post: str | None = None
    weekdays: frozenset[int] = frozenset()
    """1 Monday to 7 Sunday; empty for a window of named days."""
    dates: frozenset[dt.date] = frozenset()
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max
    """The dates on which it is so, both included."""
    marks: str = ""
    """Which marks it wants itself; empty: as its village does."""

    @property
    def named_days(self) -> bool:
        """Tell whether the window is there on named days only."""
        return not self.weekdays


class Agreement(_Row, frozen=True, kw_only=True):
    """Somebody's word that they agree to a swap."""

    by: str
    at: Moment


class Swap(_Row, frozen=True, kw_only=True):
    """One window of one date goes from one person to another."""

    date: dt.date
    start: int
    """Of the window, in minutes after midnight."""
    giver: str
    taker: str
    agreed: tuple[Agreement, ...]


class Decision(_Row, frozen=True, kw_only=True):
    """What somebody decided, in the order in which the county's database took it."""

    by: str
    at: Moment
    yes: bool
    commit: int = 0


class Leave(_Row, frozen=True, kw_only=True):
    """Leave (假), field duty (出) or a meeting elsewhere (会) that somebody asked for."""

    person: str
    cover: Cover
    kind: str
    """Of leave; empty for the others."""
    begin: Moment
    end: Moment
    asked: Moment
    asked_by: str
    returned: Moment = NEVER
    """销假."""
    returned_known: Moment = NEVER
    decisions: tuple[Decision, ...] = ()


class Correction(_Row, frozen=True, kw_only=True):
    """A mark of a window as it should have been; ``minute`` None: no mark."""

    person: str
    date: dt.date
    start: int
    mark: Way
    minute: Minute | None
    asked: Moment
    asked_by: str
    decisions: tuple[Decision, ...] = ()
    second: tuple[Decision, ...] = ()


class Entry(_Row, frozen=True, kw_only=True):
    """The chair enters somebody without a card, and whose touch confirms it."""

    person: str
    by: str
    at: Moment
    confirmed_by: str


class Meeting(_Row, frozen=True, kw_only=True):
    """A meeting, who is expected, who of them votes, and how many are enough."""

    id: str
    station: str
    begin: Minute
    end: Minute
    votes: tuple[Minute, ...]
    expected: tuple[str, ...]
    voters: frozenset[str]
    at_least: bool
    """At least the share; otherwise more than it."""
    share: Fraction
    entries: tuple[Entry, ...] = ()


class Residency(_Row, frozen=True, kw_only=True):
    """Somebody is sent to live in a village."""

    person: str
    village: str


class Month(_Row, frozen=True, kw_only=True):
    """When a month's sheet was shown and closed."""

    month: str
    shown: Moment = NEVER
    closed: Moment = NEVER


class Fact(Struct, frozen=True, kw_only=True):
    """One fact of a station, with the time at which the county got it."""

    epoch: int
    seq: int
    at: Moment
    kind: str
    dated: bool
    """Its own clock was synced or held over; a correction may date it all the same."""
    received: Moment
    held_until: Moment = ALWAYS
    """The county kept it unread until then."""
    written_off: Moment = NEVER
    card: str = ""
    way: Way | None = None
    """Chosen in time; a direction that was chosen too late is none."""
    way_after: Moment = 0
    """How long after the touch it was chosen, in microseconds."""
    last_alive: Moment = ALWAYS
    of: int = 0
    """Of a correction of the time: the seq that it corrects, in its own epoch."""
    time: Moment = 0


class Lost(_Row, frozen=True, kw_only=True):
    """Seqs that were declared lost."""

    epoch: int
    first: int
    last: int
    written_off: Moment = NEVER


class EpochEnd(_Row, frozen=True, kw_only=True):
    """The last seq of an epoch that is over."""

    epoch: int
    last: int


class Station(_Row, frozen=True, kw_only=True):
    """A station and all that it told."""

    id: str
    village: str
    enrolled: Minute = FIRST_MINUTE
    retired: Minute = LAST_MINUTE
    dead: Minute = LAST_MINUTE
    dead_known: Moment = NEVER
    stands_in_for: frozenset[str] = frozenset()
    epoch_ends: tuple[EpochEnd, ...] = ()
    lost: tuple[Lost, ...] = ()
    facts: tuple[Fact, ...] = ()


class World(Struct, frozen=True, kw_only=True):
    """Everything that a settlement needs."""

    regions: tuple[Region, ...] = ()
    calendar: tuple[Table, ...] = ()
    notices: tuple[Notice, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    people: tuple[Person, ...] = ()
    holdings: tuple[Holding, ...] = ()
    away: tuple[Away, ...] = ()
    bindings: tuple[Binding, ...] = ()
    orders: tuple[CardOrder, ...] = ()
    windows: tuple[RosterWindow, ...] = ()
    swaps: tuple[Swap, ...] = ()
    leave: tuple[Leave, ...] = ()
    corrections: tuple[Correction, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    residencies: tuple[Residency, ...] = ()
    months: tuple[Month, ...] = ()
    stations: tuple[Station, ...] = ()
