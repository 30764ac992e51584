"""What a month says of corrections. Rooms above know it, and whoever asks or decides brings it along."""

import datetime as dt
from typing import Protocol

from server_broker.people.models import Person
from server_broker.regions.models import Region

CORRECTIONS_PER_MONTH = 3
"""Where nobody says another number (docs/rules.md, section 5)."""


class Months(Protocol):
    """The months of villages' sheets, and how many corrections of one a single approver may grant."""

    def closed_at(self, village: Region, day: dt.date) -> dt.datetime | None:
        """Return when the month of a village's date was closed; None: it is open, and stays so until the caller's
        transaction ends."""

    def corrections(self, person: Person, day: dt.date) -> int:
        """Return beyond how many corrections of a person's month a second approver is needed."""


class NoMonths:
    """No month is closed, and the rules' own number holds."""

    def closed_at(self, village: Region, day: dt.date) -> dt.datetime | None:
        """Return None."""
        return None

    def corrections(self, person: Person, day: dt.date) -> int:
        """Return the rules' own number."""
        return CORRECTIONS_PER_MONTH


NO_MONTHS: Months = NoMonths()
