"""Change what the county has of a person, from a day on."""

import datetime as dt

from django.db import IntegrityError, transaction

from protocol.decisions import PersonChanged, PersonMade
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of
from server_broker.dated.writing import Content, Period, acting, put
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import people_changed_in
from server_broker.people.existence import existed
from server_broker.people.models import Person, PersonRecord, PersonType
from server_broker.people.numbers import ever_somebodys, is_somebodys
from server_broker.regions.models import Region


class PersonRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def register(
    number: str,
    name: str,
    village: Region,
    *,
    actor: str,
    type: PersonType = PersonType.CADRE,
    since: dt.date | None = None,
) -> Person:
    """Return a new person, on file since a day (None: today).

    Raises:
        PersonRefused: The number is or was somebody's, or the village has been merged into another.
    """
    if village.ended:
        raise PersonRefused(f"{village.name} 已撤并")
    try:
        with acting(actor):
            if ever_somebodys([number]):
                raise PersonRefused(is_somebodys(number))
            person = Person.objects.create(number=number, name=name, village=village, type=type)
            first = PersonRecord.objects.known().get(subject=person)
            if since is not None and first.valid_from is not None and begin_of(since) < first.valid_from:
                content = _content(person, village)
                put(PersonRecord, [person.pk], Period(begin_of(since)), content, actor=actor)
            entry = record(actor=actor, action="person.added", subject=number, detail={"village": village.code})
            decide(entry, PersonMade(person=person.pk), [person])
            people_changed_in(village.code)
    except IntegrityError as error:
        raise PersonRefused(is_somebodys(number)) from error
    return person


def change_person(
    person: Person,
    *,
    since: dt.date,
    actor: str,
    reason: str,
    number: str | None = None,
    name: str | None = None,
    village: Region | None = None,
    type: PersonType | None = None,
) -> None:
    """Have a person have another number, name, village or type from a day on.

    Raises:
        PersonRefused: The person is so already, was not on file then, or has left or is to leave by that day, or the
            village has been merged into another, or the number is or was somebody else's.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    with transaction.atomic():
        now = Person.objects.select_for_update().get(pk=person.pk)
        if not existed(now, begin_of(since)):
            raise PersonRefused(f"{now.name} 那时还不在册，请先改在册日期")
        if now.left or PersonRecord.objects.known().filter(subject=now, left=True).at(begin_of(since)).exists():
            raise PersonRefused(f"{now.name} 已离开或将要离开，请先办“回来”")
        if village is not None and village.ended:
            raise PersonRefused(f"{village.name} 已撤并")
        standing = PersonRecord.objects.known().filter(subject=now).at(begin_of(since))
        stood = standing.values_list("village__code", flat=True).first()
        content: dict[str, object] = {}
        if number is not None:
            if ever_somebodys([number], but=now):
                raise PersonRefused(is_somebodys(number))
            content["number"] = number
        if name is not None:
            content["name"] = name
        if village is not None:
            content["village_id"] = village.identity
        if type is not None:
            content["type"] = type
        if not put(PersonRecord, [person.pk], Period(begin_of(since)), content, actor=actor, reason=reason):
            raise PersonRefused(f"{now.name} 从 {since} 起本来就是这样")
        # Neither the name nor anything else that the audit log may not hold.
        detail: Detail = {"since": str(since), "reason": reason, "fields": ",".join(sorted(content))}
        if village is not None and stood is not None:
            detail |= {"village_was": stood, "village": village.code}
        entry = record(actor=actor, action="person.changed", subject=now.number, detail=detail)
        decide(entry, PersonChanged(person=now.pk), [now])
        moved_to = () if village is None else (village.code,)
        people_changed_in(now.village_id, *moved_to)


def _content(person: Person, village: Region) -> Content:
    return {
        "number": person.number,
        "name": person.name,
        "village_id": village.identity,
        "type": str(person.type),
        "left": False,
    }
