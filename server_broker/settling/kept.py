"""What windows came to, as kept rows have it: the same values as settling gives them."""

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from server_broker.settlement.results import FLAGS, Result
from server_broker.settling.models import NOTHING_TOLD, SettledWindow
from server_broker.settling.moments import moment
from server_broker.settling.windows import AwaitedThing, FactName, Settled


def kept_windows(village: int, first: dt.date, last: dt.date) -> list[Settled]:
    """Return what a village's windows of some dates came to, by person, date and start, in one query."""
    rows = SettledWindow.objects.current().filter(village__identity=village, day__range=(first, last))
    return settled_of(rows.order_by("person", "day", "start", "place"))


def settled_of(rows: Iterable[SettledWindow]) -> list[Settled]:
    """Return kept rows as the values of which they were made."""
    return [_settled(row) for row in rows]


def _settled(row: SettledWindow) -> Settled:
    return Settled(
        village=row.village_id,
        person=row.person_id,
        result=Result(
            person=str(row.person_id),
            day=row.day,
            start=row.start,
            share=Fraction(row.share_numerator, row.share_denominator),
            result=row.result,
            line=row.line,
            reason=row.reason,
            kind=row.kind,
            beside=tuple(row.beside),
            late=row.late,
            early=row.early,
            flags=tuple(flag for flag in FLAGS if flag in row.flags),
            leave_minutes=row.leave_minutes,
        ),
        facts=tuple(FactName(*fact) for fact in row.facts),
        awaited=tuple(_awaited(*one) for one in row.awaited),
        parameters=row.parameters,
        due_at=None if row.due_at is None else moment(row.due_at),
    )


def _awaited(station: str, since: int, epoch: str = "", seq: int = 0) -> AwaitedThing:
    fact = FactName(station, epoch, seq) if epoch else None
    return AwaitedThing(station, None if since == NOTHING_TOLD else since, fact)
