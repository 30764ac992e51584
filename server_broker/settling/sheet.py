"""A village's sheet of a month, as the county knew it at a moment."""

import datetime as dt
from dataclasses import dataclass

from server_broker.settlement.settle import state_of
from server_broker.settlement.states import CLOSED
from server_broker.settlement.times import Moment, first_of_month, next_month
from server_broker.settlement.version import RULES
from server_broker.settling.models import SheetMonthRecord
from server_broker.settling.moments import moment, moment_or_never
from server_broker.settling.span import Span
from server_broker.settling.windows import Settled, settle

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class VillageSheet:
    """All windows of a village's month."""

    village: int
    month: str
    known: dt.datetime
    state: str
    """进行中, 未定稿, 可公示, 公示 or 定稿."""
    rules: str
    windows: list[Settled]

    @property
    def last(self) -> dt.date:
        """The last date of the month."""
        return next_month(first_of_month(self.month)) - _DAY


def sheet_of(village: int, month: str, known: dt.datetime) -> VillageSheet:
    """Return a village's sheet of a month. Once it is closed, its windows are as they were known then."""
    first = first_of_month(month)
    last = next_month(first) - _DAY
    row = SheetMonthRecord.objects.known(known).filter(subject__village__identity=village, subject__month=month).first()
    closed_at = None if row is None or row.closed_at is None or row.closed_at > known else row.closed_at
    closed: dict[str, Moment] = {} if closed_at is None else {month: moment(closed_at)}
    windows = settle([village], Span(first, last, closed_at or known), closed=closed)
    shown = moment_or_never(None if row is None else row.shown_at)
    results = [one.result for one in windows]
    state = CLOSED if closed_at is not None else state_of(month, results, moment(known), shown=shown)
    return VillageSheet(village, month, known, state, RULES, windows)
