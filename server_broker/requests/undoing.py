"""Who may take back for somebody else what they asked: what was approved an officer of the rank that it needed.

A person's own word needs neither. So that nobody's leave disappears silently, the person and whoever approved it read
who it was, when and why.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair, refuse_own_affair
from server_broker.audit.log import LEAST_REASON
from server_broker.guard.answers import reason_against
from server_broker.people.models import Person
from server_broker.requests.cases import Case
from server_broker.requests.kinds import BACK, CORRECTION, KINDS, OBJECTION
from server_broker.requests.models import Answer, CountyRequest
from server_broker.requests.ranks import RANK_WORDS, Rank, power_words, standing
from server_broker.requests.refused import RequestRefused

_SOURCE = "request:"
ABOUT_RESULTS = frozenset({CORRECTION, OBJECTION})
"""What people ask because of what a window came to."""


def refuse_undoing(officer: str, source: str, person: Person, reason: str, at: dt.datetime) -> None:
    """Check that an officer may take back or shorten an approved absence of a person.

    Args:
        source: `Absence.source`: the request that was approved.

    Raises:
        RequestRefused: There is no reason, or the power is too small.
        OwnAffair: It is the officer's own absence. For that their own word is enough, on their telephone.
    """
    refuse_own_affair(officer, [person.pk])
    needed = _needed(source)
    power = standing(User.objects.select_related("region").get(username=officer), person, needed, at)
    if power.rank < needed:
        raise RequestRefused(f"这是{RANK_WORDS[needed]}里批的，要{RANK_WORDS[needed]}里来撤销，{power_words(power)}")
    _check_reason(person, reason)


def refuse_taking_back(kind: str, person: Person, reason: str) -> None:
    """Check that an officer may take back for a person what waits.

    What somebody says against a result is for an officer to answer. Whoever takes it back would be rid of it unseen.

    Raises:
        RequestRefused: The request is about a result, or there is no reason.
    """
    if kind in ABOUT_RESULTS:
        raise RequestRefused(f"{KINDS[kind]}由本人撤回；您不同意的，请答复，写明理由")
    _check_reason(person, reason)


def _check_reason(person: Person, reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise RequestRefused("替别人撤回要写明理由（至少 4 个字）")
    if against := reason_against(reason, [person.village_id]):
        raise RequestRefused(against)


def why_not_undo(officer: str, source: str, person: Person, at: dt.datetime) -> str:
    """Return why an officer can't undo it, whatever the reason they gave, without a full stop; empty if they can."""
    try:
        refuse_undoing(officer, source, person, "本人要求", at)
    except (RequestRefused, OwnAffair) as refused:
        return str(refused).rstrip("。")
    return ""


def _needed(source: str) -> Rank:
    """Return the rank that an absence needed when it was approved. What no request is behind needs a township."""
    key = source.removeprefix(_SOURCE)
    origin, number = key[:1], key[1:]
    field = {"c": "asked", "s": "request"}.get(origin)
    if field is None or not number.isdecimal():
        return Rank.TOWNSHIP
    answers = Answer.objects.filter(**{field: int(number)}, step__gt=0)
    return max((Rank(one.needed) for one in answers), default=Rank.TOWNSHIP)


@dataclass(frozen=True, slots=True)
class Undone:
    """An officer undid something that was approved: at once, or from a time on."""

    key: str
    """Of the request that was approved."""
    person: Person
    at: dt.datetime
    by: str
    why: str
    until: dt.datetime | None
    """Up to when it still holds; None: none of it does."""


def undone_of(case: Case) -> list[Undone]:
    """Return what officers undid of an approved request, the last first, by two queries at most."""
    taken = [case.here] if case.here is not None and case.here.withdrawn_why else []
    back = _backs().filter(absence__source=f"{_SOURCE}{case.key}")
    return _rows(taken, back)


def undone_of_approver(user: User, since: dt.datetime) -> list[Undone]:
    """Return what officers undid since a moment of what ``user`` was the first to approve, by three queries."""
    first = Answer.objects.filter(actor=user.username, step=1)
    taken = CountyRequest.objects.filter(Exists(first.filter(asked=OuterRef("pk"))), withdrawn_at__gte=since)
    rows = _rows(taken.exclude(withdrawn_why="").select_related("person"), _backs().filter(asked_at__gte=since))
    numbers = {origin: [int(row.key[1:]) for row in rows if row.key[:1] == origin] for origin in "cs"}
    found = first.filter(Q(asked__in=numbers["c"]) | Q(request__in=numbers["s"])).values_list("asked", "request")
    own = {f"c{asked}" if asked is not None else f"s{request}" for asked, request in found}
    return [row for row in rows if row.key in own and row.by != user.username]


def _backs() -> QuerySet[CountyRequest]:
    return CountyRequest.objects.filter(kind=BACK).exclude(asked_by="").select_related("person", "absence")


def _rows(taken: Iterable[CountyRequest], back: Iterable[CountyRequest]) -> list[Undone]:
    rows = []
    for one in taken:
        assert one.withdrawn_at is not None
        rows.append(Undone(f"c{one.pk}", one.person, one.withdrawn_at, one.withdrawn_by, one.withdrawn_why, None))
    for one in back:
        source = one.absence.source if one.absence is not None else ""
        if source.startswith((f"{_SOURCE}c", f"{_SOURCE}s")):
            key = source.removeprefix(_SOURCE)
            rows.append(Undone(key, one.person, one.asked_at, one.asked_by, one.note, one.begin_at))
    return sorted(rows, key=lambda row: row.at, reverse=True)
