"""Keep where each station's request stands that somebody decides, so that lists and counts ask for it in SQL.

Whose a request is follows from the cards, and how long it is from the rosters: both may change after it has come. So
what waits is judged when it comes, again when its person is another or has taken it back, and again every hour.
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from server_broker.requests.cases import Case, cases_of_stations, of_stations
from server_broker.requests.judging import judged
from server_broker.requests.models import Answer, Request, StationCase
from server_broker.requests.reading import WITHDRAWN

JUDGED_AGAIN = dt.timedelta(hours=1)
MOST_AT_ONCE = 100
"""Of requests that are judged in one transaction: each asks for the person's rosters."""


def judge_new(now: dt.datetime) -> int:
    """Judge requests that have come since the last time, the oldest first. Returns how many there were."""
    new = of_stations().filter(standing=None).order_by("received_at", "pk")
    return _stand(cases_of_stations(new[:MOST_AT_ONCE]), now)


def judge_again(now: dt.datetime) -> int:
    """Judge anew those that wait and of which the person is another by now, or taken back, or that are due for it."""
    waiting = list(unanswered().filter(standing__isnull=False).select_related("standing").order_by("pk"))
    due = []
    for case in cases_of_stations(waiting):
        assert isinstance(case.asked, Request)
        stands, person = case.asked.standing, case.person.pk if case.person is not None else None
        is_other = (stands.person_id, stands.taken_back) != (person, case.state == WITHDRAWN)
        if is_other or (not stands.taken_back and stands.judged_at <= now - JUDGED_AGAIN):
            due.append((not is_other, stands.judged_at, case))
    due.sort(key=lambda one: one[:2])
    return _stand((case for _, _, case in due[:MOST_AT_ONCE]), now)


def unanswered() -> QuerySet[Request]:
    """Return the requests of stations that nobody has decided."""
    return of_stations().filter(~Exists(Answer.objects.filter(request=OuterRef("pk"), is_last=True)))


def waiting_at_stations() -> QuerySet[Request]:
    """Return the judged requests of stations that wait for somebody's decision, the oldest first."""
    found = unanswered().filter(standing__person__isnull=False, standing__taken_back=False)
    return found.order_by("standing__asked_at", "pk")


def _stand(cases: Iterable[Case], now: dt.datetime) -> int:
    with transaction.atomic():
        rows = [_row(case, now) for case in cases]
        StationCase.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["request"],
            update_fields=["person", "asked_at", "length", "needed", "taken_back", "judged_at"],
        )
    return len(rows)


def _row(case: Case, now: dt.datetime) -> StationCase:
    need = judged(case, now) if case.person is not None else None
    return StationCase(
        request_id=case.asked.pk,
        person=case.person,
        asked_at=case.asked_at,
        length=need.length if need is not None else None,
        needed=need.needed if need is not None else 0,
        taken_back=case.state == WITHDRAWN,
        judged_at=now,
    )
