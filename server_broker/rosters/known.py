"""What the county has already of the things that an import speaks of, as it is judged against them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched

from django.db.models.functions import Lower

from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from server_broker.rosters.plan import Plan

_KEYS_A_QUERY = 5_000


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station."""

    name: str
    village: str
    enrolled: bool


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person."""

    name: str
    village: str


@dataclass(frozen=True, slots=True)
class KnownHolder:
    """Who has a card: the person's number and village."""

    person: str
    village: str


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A duty window; ``people`` are names by number."""

    pk: int
    village: str
    name: str
    weekdays: list[int]
    start: int
    end: int
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """By key: regions whole, of the rest only what the plan names, and the windows of everybody whom it names."""

    regions: dict[str, str]
    stations: dict[str, KnownStation]
    people: dict[str, KnownPerson]
    cards: dict[bytes, KnownHolder]
    """By token."""
    windows: dict[tuple[str, str], KnownWindow]
    alike: dict[str, str]
    """Numbers that differ from a new one of the plan only by case, by their lower-case form."""


def load_known(plan: Plan) -> Known:
    """Read what the plan is judged against."""
    numbers = {row.number for row in plan.people} | {row.person for row in plan.cards}
    numbers |= {number for row in plan.windows for number in row.people}
    people = {
        number: KnownPerson(name, village)
        for keys in _batches(numbers)
        for number, name, village in Person.objects.filter(number__in=keys).values_list("number", "name", "village_id")
    }
    return Known(
        regions=dict(Region.objects.values_list("code", "name")),
        stations={
            pk: KnownStation(name, village, enrolled_at is not None)
            for keys in _batches({row.id for row in plan.stations})
            for pk, name, village, enrolled_at in Station.objects.filter(pk__in=keys).values_list(
                "pk", "name", "village_id", "enrolled_at"
            )
        },
        people=people,
        cards={
            bytes(token): KnownHolder(number, village)
            for keys in _batches({row.token for row in plan.cards})
            for token, number, village in Card.objects.filter(token__in=keys).values_list(
                "token", "person__number", "person__village_id"
            )
        },
        windows=_windows(plan, numbers),
        alike={
            folded: number
            for keys in _batches({row.number.lower() for row in plan.people if row.number not in people})
            for folded, number in Person.objects.annotate(folded=Lower("number"))
            .filter(folded__in=keys)
            .values_list("folded", "number")
        },
    )


def _batches[T](keys: set[T]) -> Iterator[list[T]]:
    return map(list, batched(keys, _KEYS_A_QUERY, strict=False))


def _windows(plan: Plan, numbers: set[str]) -> dict[tuple[str, str], KnownWindow]:
    shares = DutyWindow.people.through.objects
    pks: set[int] = set()
    for villages in _batches({row.village for row in plan.windows}):
        pks.update(DutyWindow.objects.filter(village__in=villages).values_list("pk", flat=True))
    for keys in _batches(numbers):
        pks.update(shares.filter(person__number__in=keys).values_list("dutywindow_id", flat=True).distinct())
    found: dict[int, KnownWindow] = {}
    people: dict[
        str, tuple[str, str]
    ] = {}  # each text once: somebody is in many windows, and models cost ten times more
    for some in _batches(pks):
        for pk, village, name, weekdays, start, end in DutyWindow.objects.filter(pk__in=some).values_list(
            "pk", "village_id", "name", "weekdays", "start", "end"
        ):
            found[pk] = KnownWindow(pk, village, name, weekdays, start, end, {})
        of_windows = shares.filter(dutywindow__in=some).values_list("dutywindow_id", "person__number", "person__name")
        for pk, number, name in of_windows.iterator():
            number, name = people.setdefault(number, (number, name))
            found[pk].people[number] = name
    newest_first = sorted(found.values(), key=lambda window: window.pk, reverse=True)
    return {(window.village, window.name): window for window in newest_first}
