"""Keep where each station's request stands that somebody decides, so that lists and counts ask for it in SQL.

Whose a request is follows from the cards, and how long it is from the rosters: both may change after it has come. So
what waits is judged when it comes, again when its person is another or has taken it back, and again every hour.
"""

import datetime as dt
from collections.abc import Iterable
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet

from server_broker.fleet.day_measure import Measuring
from server_broker.requests.cases import Case, of_stations, shown_of_stations
from server_broker.requests.judging import TOO_LONG, judged, lasts_too_long
from server_broker.requests.kinds import AWAY
from server_broker.requests.looked_at import LookedAt
from server_broker.requests.models import Answer, Request, StationCase
from server_broker.requests.reading import OPEN, WITHDRAWN
from server_broker.requests.refusing import refuse_at_station
from server_broker.requests.setting_aside import each_case, set_aside, tried
from server_broker.requests.surplus import beyond, may_go_on, measuring

JUDGED_AGAIN = dt.timedelta(hours=1)
MOST_AT_ONCE = 100
"""Of requests that are judged in one turn: each asks for the person's rosters."""
MOST_READ = 1_000
"""Of those that wait for a decision, so many are read in one turn, to see whether they are to be judged anew."""


def judge_new(now: dt.datetime, measured: Measuring | None = None) -> int:
    """Judge requests that have come since the last time, the oldest first. Returns how many there were.

    Args:
        measured: As `server_broker.requests.taking_up.take_up` has it.
    """
    measured = measured or measuring()
    measured.go_on(now)
    new = shown_of_stations().filter(~set_aside(Request, now), ~beyond(), may_go_on(measured), standing=None)
    return _stand(each_case(new.order_by("received_at", "pk")[:MOST_AT_ONCE], now), now)


def read_in_turn() -> LookedAt:
    """Return the turns of `judge_again`: none has looked at anything yet."""
    return LookedAt(most=MOST_READ, again=dt.timedelta())


def judge_again(now: dt.datetime, looked: LookedAt | None = None) -> int:
    """Judge anew those that wait and of which the person is another by now, or taken back, or that are due for it.

    Args:
        looked: What earlier turns looked at; None: this one reads whatever waits.
    """
    waiting = unanswered().filter(~set_aside(Request, now)).order_by("pk")
    chosen = (looked or read_in_turn()).choose(list(waiting.values_list("pk", flat=True)), now)
    due = []
    for case in each_case(waiting.filter(pk__in=chosen).select_related("standing"), now):
        assert isinstance(case.asked, Request)
        stands, person = case.asked.standing, case.person.pk if case.person is not None else None
        is_other = (stands.person_id, stands.taken_back) != (person, case.state == WITHDRAWN)
        if is_other or (not stands.taken_back and stands.judged_at <= now - JUDGED_AGAIN):
            due.append((not is_other, stands.judged_at, case))
    due.sort(key=lambda one: one[:2])
    return _stand((case for _, _, case in due[:MOST_AT_ONCE]), now)


def unanswered() -> QuerySet[Request]:
    """Return the judged requests of stations that nobody has decided."""
    return of_stations().filter(_unanswered())


def waiting_at_stations() -> QuerySet[Request]:
    """Return the judged requests of stations that wait for somebody's decision, the oldest first."""
    return of_stations().filter(waits_at_station()).order_by("standing__asked_at", "pk")


def waits_at_station() -> Q:
    """Return the condition that a judged request of a station waits for somebody's decision."""
    return Q(_unanswered(), kind__in=AWAY, standing__person__isnull=False, standing__taken_back=False)


def _unanswered() -> Q:
    answered = Exists(Answer.objects.filter(request=OuterRef("pk"), is_last=True))
    # What is over is most of all, and an index leaves it out; the answers are asked for of the few that are left.
    return Q(~answered, ~beyond(), standing__is_over=False)


def _stand(cases: Iterable[Case], now: dt.datetime) -> int:
    """Judge requests, each in a transaction of its own, and return how many could be judged."""
    count = 0
    for case in cases:
        assert isinstance(case.asked, Request)
        count += tried(case.asked, partial(_judge, case, now), now)
    return count


def _judge(case: Case, now: dt.datetime) -> None:
    StationCase.objects.bulk_create(
        [_row(case, now)],
        update_conflicts=True,
        unique_fields=["request"],
        update_fields=["person", "asked_at", "length", "needed", "taken_back", "is_over", "judged_at"],
    )
    one, person = case.asked, case.person
    if case.state != OPEN or person is None or one.begin_at is None or one.end_at is None:
        return
    if one.begin_at < one.end_at and lasts_too_long(one.begin_at, one.end_at):
        assert isinstance(one, Request)
        refuse_at_station(one, person, TOO_LONG, now)


def _row(case: Case, now: dt.datetime) -> StationCase:
    decides = case.person is not None and case.asked.kind in AWAY
    need = judged(case, now) if decides else None
    return StationCase(
        request_id=case.asked.pk,
        person=case.person,
        asked_at=case.asked_at,
        length=need.length if need is not None else None,
        needed=need.needed if need is not None else 0,
        taken_back=case.state == WITHDRAWN,
        is_over=any(one.is_last for one in case.answers),
        judged_at=now,
    )
