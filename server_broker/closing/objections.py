"""How long a month's sheet is shown before it can be closed."""

import datetime as dt

from django.utils import timezone

from server_broker.dated.days import end_of
from server_broker.settling.chosen import Chosen

OBJECTION_DAYS = "objection_days"
"""Name of the parameter: the days after that of the showing on which objections are taken."""
DEFAULT_OBJECTION_DAYS = 5
LEAST_OBJECTION_DAYS, MOST_OBJECTION_DAYS = 1, 31


class Objections:
    """Says for any number of villages how long objections are taken, by one query."""

    def __init__(self) -> None:
        self._chosen = Chosen(OBJECTION_DAYS)

    def until(self, village: str, shown_at: dt.datetime) -> dt.date:
        """Return the last date on which objections to a sheet are taken that was shown at ``shown_at``.

        What holds on the date of the showing counts, whatever is set later.

        Args:
            village: Code of the village.
        """
        shown = timezone.localdate(shown_at)
        days = self._chosen.on(village, shown)
        return shown + dt.timedelta(days=days if isinstance(days, int) else DEFAULT_OBJECTION_DAYS)


def may_close_from(until: dt.date) -> dt.datetime:
    """Return the first moment after the time for objections."""
    return end_of(until)
