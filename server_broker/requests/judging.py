"""Say what a request needs by what the county knows at a moment: how long it is, and of which rank the approver."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from server_broker.requests.cases import SECOND, Case
from server_broker.requests.kinds import CORRECTION, OBJECTION
from server_broker.requests.models import Correction
from server_broker.requests.months import NO_MONTHS, Months
from server_broker.requests.ranks import Rank, own_rank
from server_broker.requests.turns import last_date, length_of
from server_broker.settlement.requests import MOST_DATES as MOST_DATES_AT_ONCE
from server_broker.settlement.requests import is_too_long

MOST_DATES = {Rank.VILLAGE: 1, Rank.TOWNSHIP: 3}
"""How many dates a rank may grant at a time. The county's has no limit."""
TOO_LONG = f"一次最多提 {MOST_DATES_AT_ONCE} 天，请分次提"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a request needs, by what the county knows now."""

    length: int | None
    """Dates that it touches; None if that does not matter."""
    needed: Rank
    seconds: bool
    """Whether another approver has to agree after the first."""


def lasts_too_long(begin: dt.datetime, end: dt.datetime) -> bool:
    """Tell whether a time touches more dates than one request can (docs/rules.md, 8.18)."""
    return is_too_long(timezone.localdate(begin), last_date(end))


def judged(case: Case, at: dt.datetime, months: Months = NO_MONTHS) -> Judged:
    """Return what a request needs at a moment. Of a request without a possible time it is the most."""
    assert case.person is not None
    own = own_rank(case.person, at)
    if case.asked.kind == CORRECTION:
        first = Judged(None, max(Rank.VILLAGE, own), seconds=_is_one_too_many(case, months))
        return Judged(None, max(Rank.TOWNSHIP, own), seconds=False) if case.state == SECOND else first
    if case.asked.kind == OBJECTION:
        # People object to what their village has of them, so the township answers.
        return Judged(None, max(Rank.TOWNSHIP, own), seconds=False)
    begin, end = case.asked.begin_at, case.asked.end_at
    if begin is None or end is None or end <= begin or lasts_too_long(begin, end):
        return Judged(None, Rank.COUNTY, seconds=False)
    length = length_of(case.person, (begin, end))
    by_length = next((rank for rank, most in MOST_DATES.items() if length <= most), Rank.COUNTY)
    return Judged(length, max(by_length, own), seconds=False)


def _is_one_too_many(case: Case, months: Months) -> bool:
    here = case.here
    assert here is not None
    assert here.day is not None
    month = Correction.objects.filter(person=here.person_id, day__year=here.day.year, day__month=here.day.month)
    return month.count() >= months.corrections(here.person, here.day)
