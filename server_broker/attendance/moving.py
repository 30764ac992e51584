"""What is on file of a person changes. Who moves to another village is out of the windows of the one they leave."""

import datetime as dt
from typing import Any

from django.db import transaction

from server_broker.attendance.leaving import end_shares
from server_broker.attendance.said import said_changed
from server_broker.dated.days import begin_of
from server_broker.people.changes import change_person
from server_broker.people.models import Person, PersonRecord
from server_broker.regions.models import Region


def change_registration(
    person: Person, *, since: dt.date, actor: str, reason: str, village: Region | None = None, **fields: Any
) -> None:
    """Have a person have another number, name, village or type from a day on, as `change_person` does.

    From the day of a move on, the windows of the village that the person left name them no more. A window of which
    nobody is left ends. Windows of other villages, where they help out, stay as they are.

    Raises:
        PersonRefused: See `change_person`.
        OwnAffair: The actor is this person.
    """
    begin = begin_of(since)
    with transaction.atomic():
        rows = PersonRecord.objects.known().filter(subject=person).exclude(valid_to__lte=begin)
        villages = set(rows.values_list("village__identity", flat=True))
        change_person(person, since=since, village=village, actor=actor, reason=reason, **fields)
        if village is None:
            return
        for window in end_shares(person, begin, actor, reason, villages=villages - {village.identity}):
            said_changed(window, actor=actor, day=since, reason=reason)
