"""Which dates are settled, and what the county knew when."""

import datetime as dt
from dataclasses import dataclass

from server_broker.dated.days import begin_of, end_of
from server_broker.settlement.times import Moment, dates, previous_month
from server_broker.settling.moments import moment

REACH = dt.timedelta(days=2)
"""Windows of so many dates to both sides bound those that are settled."""


@dataclass(frozen=True, slots=True)
class Span:
    """Dates from ``first`` to ``last``, both included, as the county knew them at ``known``."""

    first: dt.date
    last: dt.date
    known: dt.datetime

    @property
    def at(self) -> Moment:
        """The moment at which the county knew it."""
        return moment(self.known)

    @property
    def since(self) -> dt.datetime:
        """The first moment whose touches bear on a window's marks."""
        return begin_of(self.first - REACH)

    @property
    def until(self) -> dt.datetime:
        """The first moment after all that bears on a window's marks."""
        return end_of(self.last + REACH)

    @property
    def touched_since(self) -> dt.datetime:
        """The first moment whose touches bear on which stations are awaited (docs/rules.md, section 3, Complete)."""
        return begin_of(previous_month(self.first))

    @property
    def settled(self) -> list[dt.date]:
        """The dates that are settled."""
        return list(dates(self.first, self.last))

    @property
    def around(self) -> list[dt.date]:
        """These dates and those around them."""
        return list(dates(self.first - REACH, self.last + REACH))
