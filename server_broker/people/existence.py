"""Since when the county has had a person on file. Nothing dated may be about a time before."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from protocol.decisions import PersonChanged
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.people.models import Person, PersonRecord


def first_of(person: Person) -> PersonRecord | None:
    """Return the earliest row of a person that stands."""
    rows = PersonRecord.objects.known().filter(subject=person)
    found: PersonRecord | None = rows.filter(valid_from=None).first() or rows.order_by("valid_from").first()
    return found


def existed(person: Person, at: dt.datetime) -> bool:
    """Tell whether the person was on file then. A person of before the county kept dates always was."""
    first = first_of(person)
    return first is not None and (first.valid_from is None or first.valid_from <= at)


def stays(person: Person, since: dt.datetime, until: dt.datetime | None = None) -> bool:
    """Tell whether the person is there all through ``[since, until)``: has not left, and is not recorded to leave."""
    return not PersonRecord.objects.known().during(since, until).filter(subject=person, left=True).exists()


def gone_since(person: Person) -> dt.date | None:
    """Return the first day without a person who has left or is recorded to leave; None if they stay."""
    gone = PersonRecord.objects.known().filter(subject=person, left=True).exclude(valid_to__lte=timezone.now())
    begins = gone.order_by(F("valid_from").asc(nulls_first=True)).values_list("valid_from", flat=True).first()
    return None if begins is None else timezone.localdate(begins)


def on_file_since(person: Person, day: dt.date, *, actor: str, reason: str) -> bool:
    """Have the person be on file since an earlier day, as they were first. Returns whether that is news.

    Raises:
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        first, begin = first_of(person), begin_of(day)
        if first is None or first.valid_from is None or begin >= first.valid_from:
            return False
        content = {
            "number": first.number,
            "name": first.name,
            "village_id": first.village_id,
            "type": first.type,
            "left": first.left,
        }
        put(PersonRecord, [person.pk], Period(begin, first.valid_from), content, actor=actor, reason=reason)
        detail: Detail = {"since": str(day), "reason": reason}
        entry = record(actor=actor, action="person.since", subject=person.number, detail=detail)
        decide(entry, PersonChanged(person=person.pk), [person])
    return True
