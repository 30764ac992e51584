"""How long a month's sheet is shown before it can be closed."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from server_broker.dated.days import begin_of, end_of
from server_broker.regions.models import Region
from server_broker.settling.region_terms import chains_of, rows_of
from server_broker.settling.term_specs import OBJECTION_DAYS, default_of
from server_broker.settling.terms import decides


class Objections:
    """Says for some villages how long objections are taken, by two queries for any number of them."""

    def __init__(self, villages: Sequence[Region]) -> None:
        self._chains = chains_of(villages)
        self._rows = rows_of(sorted({place for chain in self._chains.values() for place in chain}))

    def until(self, village: int, shown_at: dt.datetime) -> dt.date:
        """Return the last date on which objections to a sheet are taken that was shown at ``shown_at``.

        What holds on the date of the showing counts, whatever is set later.

        Args:
            village: Identity of the region.
        """
        shown = timezone.localdate(shown_at)
        row = decides(self._chains[village], self._rows, OBJECTION_DAYS, begin_of(shown))
        days = default_of(OBJECTION_DAYS) if row is None else row.value
        assert isinstance(days, int)
        return shown + dt.timedelta(days=days)


def may_close_from(until: dt.date) -> dt.datetime:
    """Return the first moment after the time for objections."""
    return end_of(until)
