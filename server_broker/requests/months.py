"""What a month says of corrections. Rooms above know it, and whoever asks or decides brings it along."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from server_broker.duty.due import Turn
from server_broker.duty.values import minute_at
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.models import Mark
from server_broker.requests.turns import moment_of
from server_broker.settlement.parameters import Values

RULES_OWN = Values()
"""What holds where nobody says another number."""


@dataclass(frozen=True, slots=True)
class Correctable:
    """What can be corrected of somebody's window on a date."""

    marks: frozenset[str] = frozenset()
    """Those that the window needs, by their values in `Mark`."""
    begin: dt.datetime | None = None
    end: dt.datetime | None = None
    """A mark lies in ``[begin, end)``."""
    covered: str = ""
    """Why nothing of it is judged, in words; empty: something is."""


class Months(Protocol):
    """What the county's months and their rules say of corrections."""

    def closed_at(self, village: Region, day: dt.date) -> dt.datetime | None:
        """Return when the month of a village's date was closed; None: it is open, and stays so until the caller's
        transaction ends."""

    def corrections(self, person: Person, day: dt.date) -> int:
        """Return beyond how many corrections of a person's month a second approver is needed."""

    def correctable(self, turn: Turn, at: dt.datetime) -> Correctable:
        """Return what can be corrected of a window in which somebody is due, as it is known at a moment."""


class NoMonths:
    """No month is closed, the rules' own numbers hold, and nothing lies near a window."""

    def closed_at(self, village: Region, day: dt.date) -> dt.datetime | None:
        """Return None."""
        return None

    def corrections(self, person: Person, day: dt.date) -> int:
        """Return the rules' own number."""
        return RULES_OWN.corrections_per_month

    def correctable(self, turn: Turn, at: dt.datetime) -> Correctable:
        """Return the marks of the whole window."""
        begin, end = (minute_at(turn.day, minutes) for minutes in (turn.window.start, turn.window.end))
        departs = turn.window.marks != "arrival"
        marks = frozenset(Mark.values if departs else [Mark.ARRIVAL])
        after = RULES_OWN.open_after if departs else 0
        return Correctable(marks, moment_of(begin - RULES_OWN.open_before), moment_of(end + after))


NO_MONTHS: Months = NoMonths()
