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
    cards: dict[bytes, str]
    """Card token to person number."""
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
            bytes(token): number
            for keys in _batches({row.token for row in plan.cards})
            for token, number in Card.objects.filter(token__in=keys).values_list("token", "person__number")
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
    found: dict[int, DutyWindow] = {}
    for villages in _batches({row.village for row in plan.windows}):
        found |= {w.pk: w for w in DutyWindow.objects.filter(village__in=villages).prefetch_related("people")}
    for keys in _batches(numbers):
        of_people = DutyWindow.objects.filter(people__number__in=keys).distinct().prefetch_related("people")
        found |= {window.pk: window for window in of_people}
    newest_first = sorted(found.values(), key=lambda window: window.pk, reverse=True)
    return {(window.village_id, window.name): _known(window) for window in newest_first}


def _known(window: DutyWindow) -> KnownWindow:
    people = {person.number: person.name for person in window.people.all()}
    return KnownWindow(
        window.pk, window.village_id, window.name, list(window.weekdays), window.start, window.end, people
    )
