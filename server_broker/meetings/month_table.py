"""Which of the meetings that the county asks of branches (三会一课, 主题党日) each branch held, and which it lacks."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from server_broker.dated.days import begin_of
from server_broker.meetings.kinds import OF_BRANCHES, Asked, asked_of_kinds
from server_broker.meetings.models import MeetingRecord
from server_broker.meetings.reading import Look, looks
from server_broker.meetings.signing import CAME
from server_broker.people.models import Unit


@dataclass(frozen=True, slots=True)
class Cell:
    """How a branch stands to one kind of meeting in the month, or in the month's quarter."""

    kind: str
    asked: Asked
    first: dt.date
    last: dt.date
    held: list[Look]
    """Those that have ended and to which somebody came."""
    planned: list[Look]
    empty: list[Look]
    """Those that have ended and to which nobody came, as far as the stations have told."""
    is_over: bool
    """The time in which it should have been held has passed."""

    @property
    def lacks(self) -> int:
        """How many are missing, if those that are planned are held."""
        return max(0, self.asked.times - len(self.held) - len(self.planned))


@dataclass(frozen=True, slots=True)
class Line:
    """A branch with its cells, in the order of `OF_BRANCHES`."""

    unit: Unit
    cells: list[Cell]


def month_of(day: dt.date, months: int) -> tuple[dt.date, dt.date]:
    """Return first and last date of the month or the quarter in which a day lies."""
    first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    past = first.month - 1 + months
    after = dt.date(first.year + past // 12, past % 12 + 1, 1)
    return first, after - dt.timedelta(days=1)


def month_table(units: Sequence[Unit], month: dt.date, now: dt.datetime) -> list[Line]:
    """Return the table of a month for some branches, in a constant number of queries.

    What the county asked is that of the month's last day, because that is when a branch must have done it.
    """
    first, last = month_of(month, 1)
    asked = asked_of_kinds(begin_of(last))
    spans = {kind: month_of(first, asked[kind].months) for kind in OF_BRANCHES}
    since, until = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
    rows = MeetingRecord.objects.known().filter(
        subject__unit__in=[unit.pk for unit in units],
        cancelled=False,
        kind__in=OF_BRANCHES,
        begin__gte=begin_of(since),
        begin__lt=begin_of(until + dt.timedelta(days=1)),
    )
    of_branch: dict[tuple[int | None, str], list[Look]] = defaultdict(list)
    for look in looks(rows.select_related("subject__region", "subject__unit").order_by("begin", "pk"), now):
        of_branch[look.meeting.unit_id, look.row.kind].append(look)
    return [
        Line(unit, [_cell(kind, asked[kind], spans[kind], of_branch[unit.pk, kind], now) for kind in OF_BRANCHES])
        for unit in units
    ]


def _cell(kind: str, asked: Asked, span: tuple[dt.date, dt.date], found: Sequence[Look], now: dt.datetime) -> Cell:
    first, last = span
    # A meeting counts for the month in which it begins.
    inside = [look for look in found if first <= timezone.localdate(look.row.begin) <= last]
    ended = [look for look in inside if look.row.end <= now]
    held = [look for look in ended if any(one.state in CAME for one in look.standings)]
    return Cell(
        kind,
        asked,
        first,
        last,
        held,
        planned=[look for look in inside if look.row.end > now],
        empty=[look for look in ended if look not in held],
        is_over=timezone.localdate(now) > last,
    )
