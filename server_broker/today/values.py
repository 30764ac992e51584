"""What bears on who is here, as plain values. Times are local minutes (`server_broker.duty.values.minute_at`)."""

import datetime as dt
from typing import Literal

from msgspec import Struct

from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent

type State = Literal["here", "left", "not_yet", "missing", "excused", "off", "unknown"]
"""What the county knows of somebody's turn by now. ``missing``: no touch by then, and the station of the village was
up and has told everything until then. ``unknown``: it cannot tell (`Cause` says why)."""
STATES: tuple[State, ...] = ("missing", "unknown", "not_yet", "here", "left", "excused", "off")
"""In the order in which somebody has to look at them."""
DUE: tuple[State, ...] = ("missing", "unknown", "not_yet", "here", "left", "excused")

type Cause = Literal[
    "silent",
    "doubted",
    "clock",
    "reader",
    "held",
    "lost",
    "waits",
    "down",
    "no_station",
    "not_installed",
    "reinstalled",
    "elsewhere",
    "provisional",
    "entered_late",
    "undated",
    "off_place",
    "odd",
]
"""Why the county cannot tell. Of the village's station: it is ``silent``, its connection is ``doubted``, its ``clock``
is not dated, its ``reader`` is gone, facts of it are ``held`` or ``lost``, facts or its next word are still on the way
(``waits``), it was ``down`` at that time, it was first taken in later (``not_installed``) or once more with another
board (``reinstalled``), or there is none (``no_station``). ``elsewhere``: somebody also touches at another station, and
that one is dark. ``provisional``: the calendar may still change.
``entered_late``: the turn was entered after its start. Of a touch: it is ``undated``, at
a station of another township (``off_place``), or it fits no turn (``odd``)."""


class Tap(Struct, frozen=True):
    """One touch of one person that counts."""

    at: dt.datetime
    minute: int
    card: str
    """Which card; a number and its PIN are one of their own (docs/rules.md, 2.1)."""
    station: str
    village: int
    """Identity of the region in which the station stands."""
    place: str
    """That region's name."""
    counts: bool = True
    """The station lies in the township of the person's turn."""
    dated: bool = True
    chosen: str = ""
    """``in`` or ``out`` if the person chose the direction."""


class Reach(Struct, frozen=True):
    """How long before and after a window touches are its own, in minutes, as the county has set it for a village."""

    before: int = 90
    after: int = 180


class Marks(Struct, frozen=True):
    """The touches that are a turn's own."""

    arrival: Tap | None = None
    departure: Tap | None = None
    odd: Tap | None = None
    """One that lies in the turn's time and is no mark of any."""


class Down(Struct, frozen=True):
    """A station was off, or its reader gone, in ``[begin, end)``."""

    begin: int
    end: int


class StationNow(Struct, frozen=True):
    """What the county knows of a station."""

    id: str
    name: str
    through: int | None = None
    """Up to this minute, and not including it, the county has all that the station has stated. None: it cannot tell."""
    whole: bool = False
    """Nothing that it says it has stated is still on the way."""
    cause: Cause | None = None
    """What is wrong with it now; None: it is well."""
    blocks: Cause | None = None
    """What keeps it from telling about any time of the dates asked for, whatever it said since."""
    heard: dt.datetime | None = None
    downs: tuple[Down, ...] = ()
    enrolled: int = 0
    """When its present board was taken in."""
    first: int = 0
    """When a board was taken in for the first time."""


class Line(Struct, frozen=True):
    """One person and one window on one date, with what the county knows of it by now."""

    turn: Turn
    state: State
    arrived: Tap | None = None
    departed: Tap | None = None
    touch: Tap | None = None
    """One that explains the state without being a mark."""
    absent: Absent | None = None
    """What the person is away for; of a turn that is covered only in part, what covers that part."""
    begin: int = 0
    """First minute of what is left of the turn."""
    end: int = 0
    cause: Cause | None = None
    station: str = ""
    """Id of the station because of which it is unknown."""
