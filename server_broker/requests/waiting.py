"""Which requests wait for an account's decision, which for somebody else's, and which are done.

A fixed number of queries, and each reads what may wait and not what was ever asked for: an index has that alone.
"""

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
    waits_here,
)
from server_broker.requests.kinds import OBJECTION, SWAP
from server_broker.requests.models import Answer, CountyRequest, Request
from server_broker.requests.ranks import Rank, powers_of
from server_broker.requests.station_cases import waiting_at_stations, waits_at_station
from server_broker.requests.surplus import beyond

_HALF = Exists(Answer.objects.filter(asked=OuterRef("pk"), step=1, is_last=False))
_HERE, _AT_STATION = "person", "standing__person"
"""By which path each of the two tables leads to whose request it is."""


class Waiting:
    """The requests that an account sees at a moment, by who has to say something. By what it may decide, asked once."""

    def __init__(self, user: User, at: dt.datetime) -> None:
        self._at = at
        self._powers = powers_of(user, at)
        self._user = user
        self._names = {account.pk: _names(account) for account in (user, *(account for account, _ in self._powers))}

    def here(self) -> QuerySet[CountyRequest]:
        """Return those of the county that wait for the account, the oldest first, by the rank that each needed when it
        was asked."""
        return waiting_here().filter(self._mine_here())

    def at_stations(self) -> QuerySet[Request]:
        """Return those of stations that wait for the account, the oldest first, by the rank that each needs."""
        return waiting_at_stations().filter(self._mine_at_stations())

    def count(self) -> int:
        """Return how many wait for the account."""
        return self.here().count() + self.at_stations().count() if self._powers else 0

    def here_for_others(self) -> QuerySet[CountyRequest]:
        """Return those of the county that others have to decide or agree to, the oldest first."""
        others = waits_here() & ~self._mine_here() | self._waits_for_partner()
        return self.seen_here().filter(others).order_by("asked_at", "pk")

    def at_stations_for_others(self) -> QuerySet[Request]:
        """Return those of stations that others have to decide, the oldest first."""
        return waiting_at_stations().filter(self._seen(_AT_STATION)).exclude(self._mine_at_stations())

    def done_here(self, since: dt.datetime) -> QuerySet[CountyRequest]:
        """Return those of the county that were asked for since a moment and wait for nobody, the newest first."""
        seen = self.seen_here().filter(asked_at__gte=since).exclude(waits_here() | self._waits_for_partner())
        return seen.order_by("-asked_at", "-pk")

    def done_at_stations(self, since: dt.datetime) -> QuerySet[Request]:
        """Return those of stations that were asked for since a moment and wait for nobody."""
        seen = shown_of_stations().filter(self._seen(_AT_STATION), standing__asked_at__gte=since)
        return seen.filter(~beyond()).exclude(waits_at_station())

    def seen_here(self) -> QuerySet[CountyRequest]:
        """Return those of the county about people of the regions about which the account may decide."""
        return of_county().filter(self._seen(_HERE))

    def _seen(self, person: str) -> Q:
        seen = Q(pk=None)
        for account, rank in self._powers:
            theirs = _theirs(account, person)
            # People object to what their village has of them: that is not for the village's own.
            seen |= theirs if rank >= Rank.TOWNSHIP else theirs & ~Q(kind=OBJECTION)
        return seen

    def _mine_here(self) -> Q:
        mine = Q(pk=None)
        for account, rank in self._powers:
            # Of two approvers the second is not the first by another way: neither by account nor by what is lent.
            names = self._names[account.pk]
            said = Exists(Answer.objects.filter(Q(actor__in=names) | Q(lender__in=names), asked=OuterRef("pk"), step=1))
            theirs = _theirs(account, _HERE) & Q(~said, needed__lte=rank) & ~self._own_affair(account)
            mine |= theirs if rank >= Rank.TOWNSHIP else theirs & Q(~_HALF)
        return mine & ~self._own_affair(self._user)

    def _mine_at_stations(self) -> Q:
        mine = Q(pk=None)
        for account, rank in self._powers:
            # What is lent never serves whoever has lent it.
            theirs = _theirs(account, _AT_STATION) & Q(standing__needed__lte=rank)
            mine |= theirs & ~_is_about(account, _AT_STATION)
        return mine & ~_is_about(self._user, _AT_STATION)

    def _waits_for_partner(self) -> Q:
        answered = Exists(Answer.objects.filter(asked=OuterRef("pk")))
        undone = Q(is_over=False, kind=SWAP, agrees=None, withdrawn_at=None, begin_at__gt=self._at)
        return undone & Q(~answered, ~back_at_kiosk())

    def _own_affair(self, account: User) -> Q:
        return Q(asked_by__in=self._names[account.pk]) | _is_about(account, _HERE)


def is_stale_swap(case: Case, now: dt.datetime) -> bool:
    """Tell whether a swap was not agreed to before its window began, so that nothing can come of it."""
    return case.state == PARTNER and case.asked.begin_at is not None and case.asked.begin_at <= now


def _theirs(account: User, person: str) -> Q:
    assert account.region_id is not None
    return Q(**{f"{person}__village__code__startswith": subtree_prefix(account.region_id)})


def _is_about(account: User, person: str) -> Q:
    """Return the condition that a request is about whose account it is. Nothing is about an account of nobody."""
    return Q(pk=None) if account.person_id is None else Q(**{person: account.person_id})


def _names(account: User) -> list[str]:
    """Return the names of all accounts of whoever uses this one."""
    if account.person_id is None:
        return [account.username]
    return [account.username, *User.objects.filter(person=account.person_id).values_list("username", flat=True)]
