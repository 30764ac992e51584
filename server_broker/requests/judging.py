"""Say what a request needs by what the county knows at a moment: how long it is, and of which rank the approver."""

import datetime as dt
from dataclasses import dataclass

from server_broker.requests.cases import SECOND, Case
from server_broker.requests.kinds import CORRECTION
from server_broker.requests.models import Correction
from server_broker.requests.ranks import Rank, own_rank
from server_broker.requests.turns import length_of

CORRECTIONS_PER_MONTH = 3
MOST_DATES = {Rank.VILLAGE: 1, Rank.TOWNSHIP: 3}
"""How many dates a rank may grant at a time. The county's has no limit."""
MOST_DAYS = dt.timedelta(days=366)
TOO_LONG = "一次最多提 366 天，请分次提"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a request needs, by what the county knows now."""

    length: int | None
    """Dates that it touches; None if that does not matter."""
    needed: Rank
    seconds: bool
    """Whether another approver has to agree after the first."""


def judged(case: Case, at: dt.datetime) -> Judged:
    """Return what a request needs at a moment. Of a request without a possible time it is the most."""
    assert case.person is not None
    own = own_rank(case.person, at)
    if case.asked.kind == CORRECTION:
        first = Judged(None, max(Rank.VILLAGE, own), seconds=_is_one_too_many(case))
        return Judged(None, max(Rank.TOWNSHIP, own), seconds=False) if case.state == SECOND else first
    begin, end = case.asked.begin_at, case.asked.end_at
    if begin is None or end is None or end <= begin or end - begin > MOST_DAYS:
        return Judged(None, Rank.COUNTY, seconds=False)
    length = length_of(case.person, (begin, end))
    by_length = next((rank for rank, most in MOST_DATES.items() if length <= most), Rank.COUNTY)
    return Judged(length, max(by_length, own), seconds=False)


def _is_one_too_many(case: Case) -> bool:
    here = case.here
    assert here is not None
    assert here.day is not None
    month = Correction.objects.filter(person=here.person_id, day__year=here.day.year, day__month=here.day.month)
    return month.count() >= CORRECTIONS_PER_MONTH
