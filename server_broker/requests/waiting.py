"""Which requests wait for an account's decision, and which for somebody else's. A fixed number of queries."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from server_broker.accounts.models import User
from server_broker.regions.models import subtree_prefix
from server_broker.requests.cases import (
    PARTNER,
    Case,
    back_at_kiosk,
    of_county,
    shown_of_stations,
    waiting_here,
)
from server_broker.requests.kinds import SWAP
from server_broker.requests.models import Answer, CountyRequest, Request
from server_broker.requests.ranks import Rank, lenders_of, rank_of, regions_decided_by
from server_broker.requests.station_cases import waiting_at_stations

_HALF = Exists(Answer.objects.filter(asked=OuterRef("pk"), step=1, is_last=False))


def cases_seen_by(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return the requests of the county about people of the regions about which ``user`` may decide."""
    regions = Q(pk=None)
    for code in regions_decided_by(user, at):
        regions |= Q(person__village__code__startswith=subtree_prefix(code))
    return of_county().filter(regions)


def station_requests_seen_by(user: User, at: dt.datetime) -> QuerySet[Request]:
    """Return the requests of stations about people of the regions about which ``user`` may decide."""
    seen = Q(pk=None)
    for code in regions_decided_by(user, at):
        seen |= Q(standing__person__village__code__startswith=subtree_prefix(code))
    return shown_of_stations().filter(seen)


def waiting_for(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return those that wait for ``user``, the oldest first, by the rank that each needed when it was asked."""
    mine = Q(pk=None)
    for account, rank in _powers(user, at):
        half = Q(pk__in=of_county().filter(_HALF).values("pk")) if rank < Rank.TOWNSHIP else Q(pk=None)
        theirs = _theirs(account, "person") & Q(needed__lte=rank)
        # Of two approvers the second is not the first by another way: neither by account nor by what is lent.
        names = _names(account)
        answered = Answer.objects.filter(Q(actor__in=names) | Q(lender__in=names), asked=OuterRef("pk"), step=1)
        said = Q(Exists(answered))
        mine |= theirs & ~half & ~_own_affair(account) & ~said
    return waiting_here().filter(mine).exclude(_own_affair(user))


def station_requests_for(user: User, at: dt.datetime) -> QuerySet[Request]:
    """Return the requests of stations that wait for ``user``, the oldest first, by the rank that each needs."""
    mine = Q(pk=None)
    for account, rank in _powers(user, at):
        theirs = _theirs(account, "standing__person") & Q(standing__needed__lte=rank)
        # What is lent never serves whoever has lent it.
        mine |= theirs & ~_is_about(account, "standing__person")
    return waiting_at_stations().filter(mine).exclude(_is_about(user, "standing__person"))


def station_requests_for_others(user: User, at: dt.datetime) -> QuerySet[Request]:
    """Return the requests of stations that ``user`` sees and others have to decide, the oldest first."""
    seen = station_requests_seen_by(user, at).values("pk")
    return waiting_at_stations().filter(pk__in=seen).exclude(pk__in=station_requests_for(user, at).values("pk"))


def _powers(user: User, at: dt.datetime) -> list[tuple[User, Rank]]:
    """Return the accounts by whose power ``user`` may decide, their own first, each with its rank."""
    ranked = ((account, rank_of(account)) for account in (user, *lenders_of(user, at)))
    return [(account, rank) for account, rank in ranked if account.region_id is not None and rank != Rank.NONE]


def _theirs(account: User, person: str) -> Q:
    assert account.region_id is not None
    return Q(**{f"{person}__village__code__startswith": subtree_prefix(account.region_id)})


def waiting_for_others(user: User, at: dt.datetime) -> QuerySet[CountyRequest]:
    """Return those that ``user`` sees and others have to decide or agree to, the oldest first."""
    seen = cases_seen_by(user, at).values("pk")
    swaps = of_county().filter(
        ~back_at_kiosk(), kind=SWAP, agrees=None, answers=None, withdrawn_at=None, begin_at__gt=at
    )
    both = Q(pk__in=waiting_here().values("pk")) | Q(pk__in=swaps.values("pk"))
    mine = waiting_for(user, at).values("pk")
    return of_county().filter(both, pk__in=seen).exclude(pk__in=mine).order_by("asked_at", "pk")


def count_waiting_for(user: User, at: dt.datetime) -> int:
    """Return how many requests wait for ``user``."""
    if not regions_decided_by(user, at):
        return 0
    return waiting_for(user, at).count() + station_requests_for(user, at).count()


def is_stale_swap(case: Case, now: dt.datetime) -> bool:
    """Tell whether a swap was not agreed to before its window began, so that nothing can come of it."""
    return case.state == PARTNER and case.asked.begin_at is not None and case.asked.begin_at <= now


def _own_affair(account: User) -> Q:
    return Q(asked_by__in=_names(account)) | _is_about(account, "person")


def _is_about(account: User, person: str) -> Q:
    """Return the condition that a request is about whose account it is. Nothing is about an account of nobody."""
    return Q(pk=None) if account.person_id is None else Q(**{person: account.person_id})


def _names(account: User) -> list[str]:
    """Return the names of all accounts of whoever uses this one."""
    if account.person_id is None:
        return [account.username]
    return [account.username, *User.objects.filter(person=account.person_id).values_list("username", flat=True)]
