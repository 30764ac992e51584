"""Say when a request joins others of the same person to more than its approver may grant at a time.

Nothing is refused for it: the approver is shown it before deciding, and the decision keeps that it was so.
"""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from server_broker.duty.models import AbsenceRecord
from server_broker.requests.cases import Case, waiting_here
from server_broker.requests.judging import MOST_DATES
from server_broker.requests.kinds import AWAY
from server_broker.requests.ranks import RANK_WORDS, Rank
from server_broker.requests.station_cases import waiting_at_stations
from server_broker.requests.turns import Span, last_date, length_of
from server_broker.workdays.days import workdays

_DAY = dt.timedelta(days=1)
_REACH = dt.timedelta(days=366)
"""Beyond it nothing joins what lasts at most so long."""


def joins(case: Case, rank: Rank) -> str:
    """Return what a request joins to more than ``rank`` may grant, in Chinese; empty if it does not."""
    begin, end, most = case.asked.begin_at, case.asked.end_at, MOST_DATES.get(rank)
    if most is None or case.asked.kind not in AWAY or begin is None or end is None or end <= begin:
        return ""
    assert case.person is not None
    run = _run((begin, end), [one for one in _others(case, (begin - _REACH, end + _REACH)) if one != (begin, end)])
    if len(run) == 1:
        return ""
    length = length_of(case.person, *run)
    if length <= most:
        return ""
    first = timezone.localdate(min(since for since, _ in run))
    return f"和 {first:%m-%d} 起的几次连起来共 {length} 天，超过{RANK_WORDS[rank]}里能批的 {most} 天"


def _others(case: Case, reach: Span) -> list[Span]:
    """Return when the person is or wants to be away in the same way besides, by three queries."""
    asked, person = case.asked, case.person
    near = {"begin_at__lt": reach[1], "end_at__gt": reach[0], "kind": asked.kind}
    approved = AbsenceRecord.objects.known().during(*reach).filter(subject__person=person, ended=False)
    spans = list(approved.filter(subject__kind=AWAY[asked.kind]).values_list("valid_from", "valid_to"))
    spans += waiting_here().filter(person=person, **near).values_list("begin_at", "end_at")
    spans += waiting_at_stations().filter(standing__person=person, **near).values_list("begin_at", "end_at")
    return [(begin, end) for begin, end in spans if begin is not None and end is not None and begin < end]


def _run(own: Span, others: Iterable[Span]) -> list[Span]:
    """Return a time with those that lie beside it without a working day between."""
    run, left = [own], list(others)
    every = [own, *left]
    first, last = min(begin for begin, _ in every), max(end for _, end in every)
    days = workdays(timezone.localdate(first), last_date(last))
    working = {day for day, one in days.items() if one.working}
    while joined := [one for one in left if any(_is_beside(one, other, working) for other in run)]:
        run += joined
        left = [one for one in left if one not in joined]
    return run


def _is_beside(one: Span, other: Span, working: set[dt.date]) -> bool:
    earlier, later = sorted((one, other))
    day, until = last_date(earlier[1]) + _DAY, timezone.localdate(later[0])
    while day < until:
        if day in working:
            return False
        day += _DAY
    return True
