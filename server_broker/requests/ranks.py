"""Say with which rank somebody may decide, and which rank a person has (docs/rules.md, section 5)."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from django.utils import timezone

from server_broker.accounts.models import Role, User
from server_broker.accounts.own_affairs import is_own_affair
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import in_scope
from server_broker.dated.models import AsOf
from server_broker.people.models import HoldingRecord, HoldingState, Person, UnitKind
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, subtree_prefix
from server_broker.requests.kinds import KINDS, OBJECTION
from server_broker.requests.models import Deputy


class Rank(IntEnum):
    """Whose word it is. A higher one may do all that a lower one may."""

    NONE = 0
    VILLAGE = 1
    TOWNSHIP = 2
    COUNTY = 3


RANK_WORDS = {Rank.NONE: "没有审批权限", Rank.VILLAGE: "村", Rank.TOWNSHIP: "镇", Rank.COUNTY: "县"}
_LEVELS = {COUNTY_DIGITS: Rank.COUNTY, TOWNSHIP_DIGITS: Rank.TOWNSHIP}
_SECRETARY, _DEPUTY_SECRETARY = "书记", "副书记"


@dataclass(frozen=True, slots=True)
class Standing:
    """The power with which somebody decides about a person."""

    rank: Rank
    lender: str = ""
    """The account whose deputy they are; empty: it is their own power."""


def rank_of(user: User) -> Rank:
    """Return the rank of an account: that of its region, but a village secretary has no more than a village's."""
    if not may(user, Power.APPROVE_REQUESTS) or user.region_id is None:
        return Rank.NONE
    own = _level(user.region_id)
    return min(own, Rank.VILLAGE) if user.role == Role.SECRETARY else own


def own_rank(person: Person, at: dt.datetime) -> Rank:
    """Return the rank that a person has themselves: by their account, by where they belong, or as a secretary."""
    ranks = [rank_of(account) for account in User.objects.filter(person=person, is_active=True)]
    ranks.append(_level(person.village_id) if _level(person.village_id) > Rank.VILLAGE else Rank.NONE)
    held = HoldingRecord.objects.as_of(AsOf(at)).filter(subject__person=person, state=HoldingState.HELD)
    for record in held.select_related("subject__post__unit"):
        title, unit = record.subject.post.title, record.subject.post.unit
        if unit.kind == UnitKind.BRANCH and title.endswith(_SECRETARY) and not title.endswith(_DEPUTY_SECRETARY):
            ranks.append(Rank.VILLAGE)
    return max(ranks)


def power_words(power: Standing) -> str:
    """Return how far somebody's power goes, in words for themselves."""
    return "您在这里没有审批权限" if power.rank == Rank.NONE else f"您是{RANK_WORDS[power.rank]}级"


def standing(
    user: User,
    person: Person,
    needed: Rank,
    at: dt.datetime,
    *,
    asked_by: str = "",
    first: str = "",
    witnesses: Collection[int] = (),
) -> Standing:
    """Return the power with which ``user`` may decide about a person: their own if it is enough, else the best lent.

    What is lent never serves whoever has lent it: a deputy does not decide what that person asks for, nor is the
    second approver of what that person has approved, nor decides where that person bears witness.

    Args:
        asked_by: The account that wrote the request down.
        first: The account of the first approver, if this is the second approval.
        witnesses: Keys of the people who bear witness.
    """
    own = rank_of(user) if in_scope(user, person.village_id) else Rank.NONE
    if own >= needed:
        return Standing(own)
    lent = [
        Standing(rank_of(lender), lender.username)
        for lender in lenders_of(user, at)
        if in_scope(lender, person.village_id)
        and not is_own_affair(lender.username, [person.pk, *witnesses], asked_by=asked_by)
        and not is_own_affair(lender.username, asked_by=first)
    ]
    return max([Standing(own), *lent], key=lambda one: (one.rank, not one.lender))


def lenders_of(user: User, at: dt.datetime) -> list[User]:
    """Return the accounts for which ``user`` decides at a moment, as long as both are open and may approve."""
    if not may(user, Power.APPROVE_REQUESTS):
        return []
    day = timezone.localdate(at)
    named = Deputy.objects.filter(deputy=user, first__lte=day, last__gte=day, ended_at=None)
    found = (one.lender for one in named.select_related("lender").order_by("pk"))
    return [lender for lender in found if may(lender, Power.APPROVE_REQUESTS)]


def powers_of(user: User, at: dt.datetime) -> list[tuple[User, Rank]]:
    """Return the accounts by whose power ``user`` may decide at a moment, their own first, each with its rank."""
    ranked = ((account, rank_of(account)) for account in (user, *lenders_of(user, at)))
    return [(account, rank) for account, rank in ranked if rank != Rank.NONE]


def regions_decided_by(user: User, at: dt.datetime) -> list[str]:
    """Return the codes of the regions about whose people ``user`` may decide at a moment, their own and lent ones."""
    return sorted({account.region_id for account, _ in powers_of(user, at) if account.region_id is not None})


def kinds_for(rank: Rank) -> dict[str, str]:
    """Return the kinds of requests that are for somebody of a rank, with their words.

    People object to what their village has of them: that is not for the village's own.
    """
    return {kind: word for kind, word in KINDS.items() if kind != OBJECTION or rank >= Rank.TOWNSHIP}


def _level(code: str) -> Rank:
    return _LEVELS.get(len(subtree_prefix(code)), Rank.VILLAGE)
