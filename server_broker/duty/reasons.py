"""Why somebody is due in a window on a date, or not. `server_broker.duty.words` has the words for a page."""

from dataclasses import dataclass

from server_broker.duty.values import Notice


@dataclass(frozen=True, slots=True)
class ByName:
    """The window, or the named day, names the person."""


@dataclass(frozen=True, slots=True)
class ByPost:
    """The person holds a post that the window is for."""

    post: int


@dataclass(frozen=True, slots=True)
class OnNamedDay:
    """The window is there on named days only, and this is one."""


@dataclass(frozen=True, slots=True)
class ForThisDate:
    """Somebody said who is in this weekly window on this date."""


@dataclass(frozen=True, slots=True)
class OnWorkingDay:
    """The calendar has a working day on a weekday of the window."""

    provisional: bool = False


@dataclass(frozen=True, slots=True)
class OnSwappedDay:
    """The calendar has swapped a day off for a working day (调休)."""

    name: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class TookOver:
    """The person took the window over from ``giver``."""

    giver: int


@dataclass(frozen=True, slots=True)
class CutByNotice:
    """A notice takes a part of the window away."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class DayOff:
    """The calendar has no working day on a weekday of the window."""

    name: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """Notices take the whole window away, or leave less than the shortest rest."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The person handed the window over to ``taker``."""

    taker: int


@dataclass(frozen=True, slots=True)
class OthersForThisDate:
    """Somebody said who is in this weekly window on this date, and it is not this person."""


@dataclass(frozen=True, slots=True)
class Away:
    """The person is seconded, suspended or off post."""

    state: str
    post: int


@dataclass(frozen=True, slots=True)
class NoPost:
    """The person has posts, but none on this date."""


@dataclass(frozen=True, slots=True)
class Left:
    """The person is no longer on the county's list."""


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The person is in another window at the same time, and that one stands. An exception to look at."""

    window: int


type Reason = (
    ByName
    | ByPost
    | OnNamedDay
    | ForThisDate
    | OnWorkingDay
    | OnSwappedDay
    | TookOver
    | CutByNotice
    | DayOff
    | Stopped
    | HandedOver
    | OthersForThisDate
    | Away
    | NoPost
    | Left
    | Overlaps
)
