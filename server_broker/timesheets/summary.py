"""What the windows of each village of a region add up to in a month, in few queries for a whole county."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from server_broker.closing.content import Signed
from server_broker.closing.models import ClosedMonth
from server_broker.closing.standing import standings
from server_broker.platform.sql import query
from server_broker.regions.models import Region
from server_broker.settlement.counting import Totals
from server_broker.settlement.states import CLOSED
from server_broker.settlement.times import first_of_month, next_month


@dataclass(frozen=True, slots=True)
class Added:
    """Windows added up, and of how many people they are."""

    people: int
    totals: Totals


@dataclass(frozen=True, slots=True)
class VillageRow:
    """A village's month in one row."""

    village: int
    """Identity of the region."""
    code: str
    name: str
    state: str
    added: Added


_GROUPS = """
SELECT village_id, result, kind, share_numerator, share_denominator, count(*),
       count(*) FILTER (WHERE late > 0), sum(late), count(*) FILTER (WHERE early > 0), sum(early), sum(leave_minutes)
FROM settling_settledwindow
WHERE superseded_at IS NULL AND village_id = ANY(%s) AND day BETWEEN %s AND %s AND result <> '休'
GROUP BY 1, 2, 3, 4, 5
"""
_PEOPLE = """
SELECT village_id, count(DISTINCT person_id) FROM settling_settledwindow
WHERE superseded_at IS NULL AND village_id = ANY(%s) AND day BETWEEN %s AND %s GROUP BY 1
"""


def rows_of(villages: Collection[Region], month: str, now: dt.datetime) -> list[VillageRow]:
    """Return the months of those villages that have a window in it, by code; of closed ones as they were signed.

    Args:
        month: Such as ``2026-03``.
    """
    found = [one for one in standings(villages, month, now) if one.has_windows]
    signed = signed_up({one.village for one in found if one.state == CLOSED}, month)
    added = added_up({one.village for one in found} - set(signed), first_of_month(month)) | signed
    return [VillageRow(one.village, one.code, one.name, one.state, added[one.village]) for one in found]


def added_up(villages: Collection[int], first: dt.date) -> dict[int, Added]:
    """Return what the windows of a month add up to that stand now, by village, in two queries.

    Args:
        villages: Identities of regions. Those without a window are not in the answer.
        first: The first date of the month.
    """
    asked = [sorted(villages), first, next_month(first) - dt.timedelta(days=1)]
    people = dict(query(_PEOPLE, asked))
    groups: dict[int, list[_Group]] = defaultdict(list)
    for village, *said in query(_GROUPS, asked):
        groups[village].append(_Group(*said))
    return {village: Added(count, _totals(groups[village])) for village, count in people.items()}


def signed_up(villages: Collection[int], month: str) -> dict[int, Added]:
    """Return what the closed months of these villages add up to by what was signed, in one query."""
    rows = ClosedMonth.objects.filter(village__identity__in=villages, month=month)
    return {row.village_id: _signed(row) for row in rows}


def _signed(row: ClosedMonth) -> Added:
    people = Signed(bytes(row.content), row.village_id, row.people).totals()
    return Added(len(people), together(Added(1, one) for one in people).totals)


@dataclass(frozen=True, slots=True)
class _Group:
    """Windows of one result and share."""

    result: str
    kind: str
    numerator: int
    denominator: int
    count: int
    late_times: int
    late_minutes: int
    early_times: int
    early_minutes: int
    leave_minutes: int

    @property
    def days(self) -> Fraction:
        return Fraction(self.numerator, self.denominator) * self.count


def _totals(groups: Iterable[_Group]) -> Totals:
    listed = list(groups)
    days: dict[str, Fraction] = defaultdict(Fraction)
    leave: dict[str, Fraction] = defaultdict(Fraction)
    for one in listed:
        days[one.result] += one.days
        if one.result == "假":
            leave[one.kind] += one.days
    return Totals(
        person="",
        days=dict(days),
        leave=dict(leave),
        late_times=sum(one.late_times for one in listed),
        late_minutes=sum(one.late_minutes for one in listed),
        early_times=sum(one.early_times for one in listed),
        early_minutes=sum(one.early_minutes for one in listed),
        missing_times=sum(one.count for one in listed if one.result == "缺"),
        part_leave_minutes=sum(one.leave_minutes for one in listed),
    )


def together(added: Iterable[Added]) -> Added:
    """Return the sum over villages. Somebody with windows in two of them counts in both."""
    listed = list(added)
    return Added(
        sum(one.people for one in listed),
        Totals(
            person="",
            days=_sum(one.totals.days for one in listed),
            leave=_sum(one.totals.leave for one in listed),
            late_times=sum(one.totals.late_times for one in listed),
            late_minutes=sum(one.totals.late_minutes for one in listed),
            early_times=sum(one.totals.early_times for one in listed),
            early_minutes=sum(one.totals.early_minutes for one in listed),
            missing_times=sum(one.totals.missing_times for one in listed),
            part_leave_minutes=sum(one.totals.part_leave_minutes for one in listed),
        ),
    )


def _sum(parts: Iterable[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = defaultdict(Fraction)
    for one in parts:
        for word, days in one.items():
            found[word] += days
    return dict(found)
