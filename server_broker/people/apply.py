"""Put the rows of a checked import into the database. Runs inside the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.checks import Known
from server_broker.people.models import Card, Person
from server_broker.people.result import Count
from server_broker.people.rows import Plan, WindowRow
from server_broker.regions.models import Region

type Outcome = Literal["added", "changed", "same"]


@dataclass(slots=True)
class Applied:
    """What an import did, and the villages whose stations must learn of it."""

    counts: dict[str, Count] = field(default_factory=dict)
    villages: set[str] = field(default_factory=set)


def apply(plan: Plan, known: Known, tokens: dict[str, bytes]) -> Applied:
    """Write the plan.

    Args:
        tokens: Card token of each UID in the plan.

    Raises:
        django.db.IntegrityError: Somebody wrote the same key meanwhile; the caller's transaction is void.
    """
    applied = Applied()
    applied.counts = {
        "区划": _regions(plan, known, applied),
        "站点": _stations(plan, known, applied),
        "人员": _people(plan, known, applied),
        "卡": _cards(plan, known, tokens, applied),
        "值班": _windows(plan, known, applied),
    }
    return applied


def _count(outcomes: Iterable[Outcome]) -> Count:
    seen = list(outcomes)
    return Count(added=seen.count("added"), changed=seen.count("changed"), same=seen.count("same"))


def _outcome(*, new: bool, changed: bool) -> Outcome:
    if new:
        return "added"
    return "changed" if changed else "same"


def _regions(plan: Plan, known: Known, applied: Applied) -> Count:
    outcomes: list[Outcome] = []
    touched = []
    for row in plan.regions:
        old = known.regions.get(row.code)
        outcomes.append(_outcome(new=old is None, changed=old != row.name))
        if old != row.name:
            touched.append(Region(code=row.code, name=row.name))
            applied.villages.add(row.code)
    Region.objects.bulk_create(touched, update_conflicts=True, unique_fields=["code"], update_fields=["name"])
    return _count(outcomes)


def _stations(plan: Plan, known: Known, applied: Applied) -> Count:
    outcomes: list[Outcome] = []
    for row in plan.stations:
        old = known.stations.get(row.id)
        changed = old is not None and (old.name, old.village_id) != (row.name, row.village)
        outcomes.append(_outcome(new=old is None, changed=changed))
        if old is None:
            Station.objects.create(id=row.id, name=row.name, village_id=row.village)
        elif changed:
            Station.objects.filter(id=row.id).update(name=row.name, village_id=row.village)
            applied.villages.update({old.village_id, row.village})
    return _count(outcomes)


def _people(plan: Plan, known: Known, applied: Applied) -> Count:
    outcomes: list[Outcome] = []
    touched = []
    for row in plan.people:
        old = known.people.get(row.number)
        changed = old is not None and (old.name, old.village_id) != (row.name, row.village)
        outcomes.append(_outcome(new=old is None, changed=changed))
        if old is None or changed:
            touched.append(Person(number=row.number, name=row.name, village_id=row.village))
            applied.villages.update({row.village} if old is None else {row.village, old.village_id})
    Person.objects.bulk_create(
        touched, update_conflicts=True, unique_fields=["number"], update_fields=["name", "village"]
    )
    return _count(outcomes)


def _cards(plan: Plan, known: Known, tokens: dict[str, bytes], applied: Applied) -> Count:
    new = [row for row in plan.cards if tokens[row.uid] not in known.cards]
    holders = {person.number: person for person in Person.objects.filter(number__in={row.person for row in new})}
    now = timezone.now()
    Card.objects.bulk_create(
        Card(token=tokens[row.uid], tail=row.uid[-4:], person=holders[row.person], bound_at=now) for row in new
    )
    applied.villages.update(holder.village_id for holder in holders.values())
    return Count(added=len(new), same=len(plan.cards) - len(new))


def _windows(plan: Plan, known: Known, applied: Applied) -> Count:
    named = {number for row in plan.windows for number in row.people}
    people = {person.number: person for person in Person.objects.filter(number__in=named)}
    outcomes = []
    for row in plan.windows:
        outcomes.append(_window(row, known.windows.get((row.village, row.name)), people))
        if outcomes[-1] != "same":
            applied.villages.add(row.village)
    return _count(outcomes)


def _window(row: WindowRow, old: DutyWindow | None, people: dict[str, Person]) -> Outcome:
    wanted = (row.weekdays, row.start, row.end, set(row.people))
    if old is not None:
        stands = (list(old.weekdays), old.start, old.end, {person.number for person in old.people.all()})
        if stands == wanted:
            return "same"
    window = old if old is not None else DutyWindow(village_id=row.village, name=row.name)
    window.weekdays, window.start, window.end = row.weekdays, row.start, row.end
    window.save()
    window.people.set([people[number] for number in row.people])
    return "added" if old is None else "changed"
