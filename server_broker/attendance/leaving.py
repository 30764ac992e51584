"""Somebody leaves, and perhaps comes back. Nothing of theirs stays valid by neglect."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from protocol.decisions import PersonChanged, PersonLeft
from server_broker.accounts.leaving import person_leaves, person_stays
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, WindowRecord
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import DatedQuerySet
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import people_changed_in
from server_broker.people.existence import existed, gone_since
from server_broker.people.models import Binding, BindingState, Card, HoldingRecord, HoldingState, Person, PersonRecord
from server_broker.regions.models import Region


class LeavingRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def leave(person: Person, *, last: dt.date, actor: str, reason: str) -> list[str]:
    """Have a person be gone after a last day: their cards are nobody's, their posts and shares in windows end.

    A window of which nobody is left ends too, and so does the person's account.

    Returns:
        The accounts that open nothing from then on and are left for an administrator to close.

    Raises:
        LeavingRefused: The person has left already, or was not on file on that day.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    begin = end_of(last)
    with transaction.atomic():
        now = Person.objects.select_for_update().get(pk=person.pk)
        standing = PersonRecord.objects.known().filter(subject=now).at(begin).first()
        if now.left or (standing is not None and standing.left):
            raise LeavingRefused(f"{now.name} 已经离开")
        if not existed(now, begin_of(last)):
            raise LeavingRefused(f"{now.name} 那时还不在册")
        put(PersonRecord, [now.pk], Period(begin), {"left": True}, actor=actor, reason=reason)
        cards = _end_cards(now, begin, actor, reason)
        _end_posts(now, begin, actor, reason)
        windows = end_shares(now, begin, actor, reason)
        detail: Detail = {"last": str(last), "reason": reason}
        entry = record(actor=actor, action="person.left", subject=now.number, detail=detail)
        decide(entry, PersonLeft(person=now.pk), [now, *cards, *windows])
        administrator = User.objects.filter(username=actor).first()
        accounts = person_leaves(now.pk, on=last + dt.timedelta(days=1), actor=actor, administrator=administrator)
        people_changed_in(now.village_id, *(window.village_id for window in windows))
    return accounts


def _end_cards(person: Person, begin: dt.datetime, actor: str, reason: str) -> list[Card]:
    content = {"person_id": None, "state": BindingState.ENDED, "temporary": False}
    held = set(_from(Binding, begin).filter(person=person).values_list("subject", flat=True))
    cards = list(Card.objects.select_for_update().filter(pk__in=held).order_by("pk"))
    for row in _from(Binding, begin).filter(person=person):
        put(Binding, [row.subject_id], _cut(row, begin), content, actor=actor, reason=reason)
    return cards


def _end_posts(person: Person, begin: dt.datetime, actor: str, reason: str) -> None:
    for row in _from(HoldingRecord, begin).filter(subject__person=person).exclude(state=HoldingState.ENDED):
        content = {"state": HoldingState.ENDED}
        put(HoldingRecord, [row.subject_id], _cut(row, begin), content, actor=actor, reason=reason)


def end_shares(
    person: Person, begin: dt.datetime, actor: str, reason: str, *, villages: Collection[int] | None = None
) -> list[DutyWindow]:
    """Take the person out of every window from then on, and return these windows. The caller is in a transaction.

    Args:
        villages: Identities of regions: only of the windows there.
    """
    named = _from(WindowRecord, begin).filter(people__contains=[person.pk], ended=False)
    rows = list(named if villages is None else named.filter(village__in=villages))
    for row in rows:
        content = _without(row, person)
        # A window of named days has its people by the date.
        content["ended"] = not content["people"] and not row.posts and row.days == DaysKind.WEEKLY
        put(WindowRecord, [row.subject_id], _cut(row, begin), content, actor=actor, reason=reason)
    days = _from(RosterDay, begin).filter(people__contains=[person.pk], withdrawn=False)
    days = days if villages is None else days.filter(subject__village__identity__in=villages)
    for day in days:
        put(RosterDay, [day.subject_id], _cut(day, begin), _without(day, person), actor=actor, reason=reason)
    changed = {row.subject_id for row in rows} | {day.subject_id for day in days}
    return list(DutyWindow.ever.filter(pk__in=changed))


def _without(row: WindowRecord | RosterDay, person: Person) -> dict[str, object]:
    return {name: [pk for pk in getattr(row, name) if pk != person.pk] for name in ("people", "leaders")}


def _from[M: (Binding, HoldingRecord, WindowRecord, RosterDay)](model: type[M], begin: dt.datetime) -> DatedQuerySet[M]:
    """Return the rows that stand and hold at ``begin`` or later."""
    rows: DatedQuerySet[M] = model.objects.known().exclude(valid_to__lte=begin)
    return rows


def _cut(row: Binding | HoldingRecord | WindowRecord | RosterDay, begin: dt.datetime) -> Period:
    """Return the part of a row's time from ``begin`` on."""
    return Period(begin if row.valid_from is None else max(begin, row.valid_from), row.valid_to)


def come_back(person: Person, *, since: dt.date, village: Region, actor: str, reason: str) -> None:
    """Have a person who left, or is recorded to leave, be on file again from a day on.

    From the first day without them it is as if they had never left. Cards, posts and windows are given anew.

    Raises:
        LeavingRefused: The person has not left, or had not yet on that day, or the village has been merged.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    if village.ended:
        raise LeavingRefused(f"{village.name} 已撤并")
    begin = begin_of(since)
    with transaction.atomic():
        now = Person.objects.select_for_update().get(pk=person.pk)
        standing = PersonRecord.objects.known().filter(subject=now).at(begin).first()
        if standing is None or not standing.left:
            first = gone_since(now)
            raise LeavingRefused(f"{now.name} 那一天没有离开" + (f"，离开从 {first} 算起" if first else ""))
        content = {"left": False, "village_id": village.identity}
        put(PersonRecord, [now.pk], Period(begin), content, actor=actor, reason=reason)
        person_stays(now.pk, actor=actor)
        detail: Detail = {"since": str(since), "reason": reason}
        entry = record(actor=actor, action="person.returned", subject=now.number, detail=detail)
        decide(entry, PersonChanged(person=now.pk), [now])
        people_changed_in(village.code)
