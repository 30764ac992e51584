"""What a case says, as plain values: one class for a row of each table of the file format."""

from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Region:
    id: str
    parent: str | None
    since: date
    known: datetime


@dataclass(frozen=True)
class CalendarTable:
    source: str
    first: date
    last: date
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]
    known: datetime


@dataclass(frozen=True)
class Notice:
    scope: str
    start: datetime
    end: datetime
    known: datetime


@dataclass(frozen=True)
class Parameters:
    region: str
    since: date
    locked: bool
    values: dict[str, Any]
    known: datetime


@dataclass(frozen=True)
class Person:
    id: str
    village: str
    rank: str
    known: datetime


@dataclass(frozen=True)
class Holding:
    post: str
    person: str
    first: date
    last: date
    known: datetime


@dataclass(frozen=True)
class Away:
    person: str
    kind: str
    first: date
    last: date
    known: datetime


@dataclass(frozen=True)
class Binding:
    card: str
    person: str
    start: datetime
    end: datetime
    lost: datetime | None
    lost_known: datetime
    known: datetime


@dataclass(frozen=True)
class Order:
    card: str
    person: str
    known: datetime


@dataclass(frozen=True)
class Roster:
    number: int
    village: str
    windows: tuple[tuple[time, time], ...]
    persons: tuple[str, ...]
    post: str | None
    days: tuple[date, ...] | None
    known: datetime
    name: str
    """Rows of one name are one roster."""
    weekdays: frozenset[int]
    first: date
    last: date
    marks: str | None


@dataclass(frozen=True)
class Agreement:
    by: str
    at: datetime
    known: datetime


@dataclass(frozen=True)
class Swap:
    date: date
    window: time
    giver: str
    taker: str
    agreed: tuple[Agreement, ...]
    known: datetime


@dataclass(frozen=True)
class Decision:
    by: str
    at: datetime
    yes: bool
    commit: int
    known: datetime


@dataclass(frozen=True)
class Leave:
    person: str
    cover: str
    kind: str
    start: datetime
    end: datetime
    asked: datetime
    asked_by: str
    returned: datetime | None
    returned_known: datetime
    decisions: tuple[Decision, ...]
    known: datetime


@dataclass(frozen=True)
class Correction:
    person: str
    date: date
    window: time
    mark: str
    time: datetime | None
    asked: datetime
    asked_by: str
    decisions: tuple[Decision, ...]
    second: tuple[Decision, ...]
    known: datetime


@dataclass(frozen=True)
class Entry:
    person: str
    by: str
    at: datetime
    confirmed_by: str
    known: datetime


@dataclass(frozen=True)
class Meeting:
    id: str
    station: str
    start: datetime
    end: datetime
    votes: tuple[datetime, ...]
    expected: tuple[str, ...]
    voters: tuple[str, ...]
    rule: str
    share: Fraction
    entries: tuple[Entry, ...]
    known: datetime


@dataclass(frozen=True)
class Residency:
    person: str
    village: str
    known: datetime


@dataclass(frozen=True)
class MonthRow:
    month: str
    shown: datetime | None
    closed: datetime | None
    known: datetime


@dataclass(frozen=True)
class Fact:
    """One fact; ``held`` and ``belongs_to_nothing`` hold as of the time for which the case is asked."""

    epoch: int
    seq: int
    kind: str
    at: datetime
    quality: str
    received: datetime
    card: str
    way: str
    way_after_s: float
    last_alive: datetime | None
    of: int
    time: datetime | None
    held_until: datetime | None
    written_off: datetime | None
    held: bool = False
    belongs_to_nothing: bool = False

    @property
    def place(self) -> tuple[int, int]:
        return self.epoch, self.seq


@dataclass(frozen=True)
class EpochEnd:
    epoch: int
    last: int
    known: datetime


@dataclass(frozen=True)
class Lost:
    epoch: int
    first: int
    last: int
    known: datetime
    written_off: datetime | None
    belongs_to_nothing: bool = False


@dataclass(frozen=True, eq=False)
class Station:
    """One station. It is known by itself, so that what is read out of its facts is read once."""

    id: str
    village: str
    enrolled: datetime
    retired: datetime | None
    dead: datetime | None
    dead_known: datetime
    stands_in_for: tuple[str, ...]
    epoch_ends: tuple[EpochEnd, ...]
    lost: tuple[Lost, ...]
    facts: tuple[Fact, ...]
    known: datetime

    @property
    def villages(self) -> tuple[str, ...]:
        """The villages whose own station it is: a stand-in is a village's own station in every rule (§3, Down)."""
        return (self.village, *self.stands_in_for)


@dataclass(frozen=True, eq=False)
class Case:
    """A whole case. It is known by itself, so that what is asked of it again is reckoned once."""

    name: str
    rules: str
    days: tuple[date, ...]
    as_of: datetime
    refused: str | None
    regions: tuple[Region, ...]
    calendar: tuple[CalendarTable, ...]
    notices: tuple[Notice, ...]
    parameters: tuple[Parameters, ...]
    people: tuple[Person, ...]
    posts: tuple[Holding, ...]
    away: tuple[Away, ...]
    cards: tuple[Binding, ...]
    orders: tuple[Order, ...]
    rosters: tuple[Roster, ...]
    swaps: tuple[Swap, ...]
    leave: tuple[Leave, ...]
    corrections: tuple[Correction, ...]
    meetings: tuple[Meeting, ...]
    residencies: tuple[Residency, ...]
    months: tuple[MonthRow, ...]
    stations: tuple[Station, ...]
    expectations: dict[str, list[dict[str, Any]]]
