"""How long a month's sheet is shown before it can be closed."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from server_broker.dated.days import begin_of, end_of
from server_broker.regions.models import Region
from server_broker.settling.models import ParameterRecord
from server_broker.settling.region_terms import Rows, chains_of, grouped
from server_broker.settling.term_specs import OBJECTION_DAYS, default_of
from server_broker.settling.terms import decides


class Objections:
    """Says for some villages how long objections are taken, by two queries for any number of them."""

    def __init__(self, villages: Sequence[Region]) -> None:
        self._chains = chains_of(villages)
        regions = {int(place) for chain in self._chains.values() for place in chain}
        ever = ParameterRecord.objects.filter(subject__region__in=sorted(regions), subject__name=OBJECTION_DAYS)
        self._ever = list(ever.select_related("subject__region").order_by("pk"))

    def until(self, village: int, shown_at: dt.datetime) -> dt.date:
        """Return the last date on which objections to a sheet are taken that was shown at ``shown_at``.

        What was known at the moment of the showing counts, for that date, whatever is set later.

        Args:
            village: Identity of the region.
        """
        shown = timezone.localdate(shown_at)
        row = decides(self._chains[village], self._known(shown_at), OBJECTION_DAYS, begin_of(shown))
        days = default_of(OBJECTION_DAYS) if row is None else row.value
        assert isinstance(days, int)
        return shown + dt.timedelta(days=days)

    def _known(self, at: dt.datetime) -> Rows:
        """Return the rows with a value that stood at a moment."""
        return grouped(
            row for row in self._ever if row.recorded_at <= at and (row.superseded_at is None or row.superseded_at > at)
        )


def may_close_from(until: dt.date) -> dt.datetime:
    """Return the first moment after the time for objections."""
    return end_of(until)
