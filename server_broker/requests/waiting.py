"""Which requests wait for an account's decision, and which for somebody else's. A fixed number of queries."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from server_broker.accounts.models import User
from server_broker.regions.models import subtree_prefix
from server_broker.requests.cases import (
    PARTNER,
    Case,
    back_at_kiosk,
    cases_of_stations,
    of_county,
    of_stations,
    waiting_here,
)
from server_broker.requests.deciding import why_not
from server_broker.requests.kinds import SWAP
from server_broker.requests.models import Answer, CountyRequest
from server_broker.requests.ranks import Rank, lenders_of, rank_of, regions_decided_by

_MOST_OF_STATIONS = 200
_HALF = Exists(Answer.objects.filter(asked=OuterRef("pk"), step=1, is_last=False))


def cases_seen_by(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return the requests of the county about people of the regions about which ``user`` may decide."""
    regions = Q(pk=None)
    for code in regions_decided_by(user, at):
        regions |= Q(person__village__code__startswith=subtree_prefix(code))
    return of_county().filter(regions)


def waiting_for(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return those that wait for ``user``, the oldest first, by the rank that each needed when it was asked."""
    mine = Q(pk=None)
    for account in (user, *lenders_of(user, at)):
        rank = rank_of(account)
        if account.region_id is None or rank == Rank.NONE:
            continue
        theirs = Q(person__village__code__startswith=subtree_prefix(account.region_id), needed__lte=rank)
        half = Q(pk__in=of_county().filter(_HALF).values("pk")) if rank < Rank.TOWNSHIP else Q(pk=None)
        mine |= theirs & ~half & ~_own_affair(account)
    said = Exists(Answer.objects.filter(asked=OuterRef("pk"), actor__in=_names(user)))
    return waiting_here().filter(mine).exclude(_own_affair(user)).exclude(said)


def waiting_for_others(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return those that ``user`` sees and others have to decide or agree to, the oldest first."""
    seen = cases_seen_by(user, at).values("pk")
    swaps = of_county().filter(~back_at_kiosk(), kind=SWAP, agrees=None, withdrawn_at=None, begin_at__gt=at)
    both = Q(pk__in=waiting_here().values("pk")) | Q(pk__in=swaps.values("pk"))
    mine = waiting_for(user, at).values("pk")
    return of_county().filter(both, pk__in=seen).exclude(pk__in=mine).order_by("asked_at", "pk")


def waiting_from_stations(user: User, at: dt.datetime) -> tuple[list[Case], list[Case]]:
    """Return the requests of stations that wait for ``user``, and those that wait for others."""
    prefixes = tuple(subtree_prefix(code) for code in regions_decided_by(user, at))
    unanswered = of_stations().filter(~Exists(Answer.objects.filter(request=OuterRef("pk"), is_last=True)))
    mine: list[Case] = []
    others: list[Case] = []
    for case in cases_of_stations(unanswered.order_by("received_at", "pk")[:_MOST_OF_STATIONS]):
        if case.is_waiting and case.person is not None and case.person.village_id.startswith(prefixes or ("-",)):
            (others if why_not(case, user, at) else mine).append(case)
    return mine, others


def count_waiting_for(user: User, at: dt.datetime) -> int:
    """Return how many requests wait for ``user``."""
    if not regions_decided_by(user, at):
        return 0
    return waiting_for(user, at).count() + len(waiting_from_stations(user, at)[0])


def is_stale_swap(case: Case, now: dt.datetime) -> bool:
    """Tell whether a swap was not agreed to before its window began, so that nothing can come of it."""
    return case.state == PARTNER and case.asked.begin_at is not None and case.asked.begin_at <= now


def _own_affair(account: User) -> Q:
    about = Q(asked_by__in=_names(account))
    return about if account.person_id is None else about | Q(person=account.person_id)


def _names(account: User) -> list[str]:
    """Return the names of all accounts of whoever uses this one."""
    if account.person_id is None:
        return [account.username]
    return [account.username, *User.objects.filter(person=account.person_id).values_list("username", flat=True)]
