"""What the county already has of the things that an import names. The import is checked and compared against this."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.db.models.functions import Lower
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Marks, WindowRecord
from server_broker.attendance.seasons import ALL_YEAR, Season
from server_broker.fleet.models import Station
from server_broker.people.models import Card, Person, PersonRecord, Unit
from server_broker.people.names import plain_name
from server_broker.people.numbers import ever_somebodys
from server_broker.regions.models import Region
from server_broker.rosters.known_numbers import KnownNumbers, known_numbers
from server_broker.rosters.plan import Plan, window_key

_OF_WINDOW = (
    *("pk", "village_id", "name", "weekdays", "start", "end"),
    *("days", "season_from", "season_to", "marks", "leaders"),
)
_KEYS_A_QUERY = 5_000
"""Bounds the length of one SQL statement: a file may name 20,000 keys of 32 characters."""


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station."""

    name: str
    village: str
    enrolled: bool


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person. The name is in its one form, because the county may have 张 三 of an earlier list."""

    name: str
    village: str


@dataclass(frozen=True, slots=True)
class KnownHolder:
    """The holder of a card: the person's number and village."""

    person: str
    village: str


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A duty window. ``people`` are names by number; times are minutes after midnight.

    Attributes:
        until: The day from which something else is planned already; None: nothing is.
        season: Its season.
        named_days: It is there on named days only.
        leaders: Numbers of those of its people who lead.
    """

    pk: int
    village: str
    name: str
    weekdays: list[int]
    start: int
    end: int
    people: dict[str, str]
    until: dt.date | None = None
    season: Season = ALL_YEAR
    named_days: bool = False
    marks: str = Marks.EACH
    leaders: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Known:
    """Each thing by its key: all regions, what the plan names, and all windows of the people whom it names."""

    regions: dict[str, str]
    stations: dict[str, KnownStation]
    people: dict[str, KnownPerson]
    units: dict[tuple[str, str], str]
    """Kinds of the units that stand in the regions of the plan's units, by region and name."""
    cards: dict[bytes, KnownHolder]
    """By token."""
    windows: dict[tuple[str, str], KnownWindow]
    ended: set[str]
    """Codes of regions that were merged into others."""
    left: set[str]
    """Numbers of people who have left."""
    leaving: set[str]
    """Numbers of people who have left or are recorded to leave: they get no card and no duty any more."""
    taken: set[str]
    """New numbers of the plan that somebody had before, or will have (`ever_somebodys`)."""
    numbers: KnownNumbers
    """Identity and mobile numbers."""
    alike: dict[str, str]
    """The county's numbers that may differ from a new number of the plan only by case; by their lower-case form."""
    namesakes: dict[tuple[str, str], set[str]]
    """The numbers of who is in a village of the plan's new people, by the village and the name."""


def load_known(plan: Plan) -> Known:
    """Read what the county has of what ``plan`` names."""
    numbers = {row.number for row in plan.people} | {row.person for row in plan.cards}
    numbers |= {number for row in plan.windows for number in row.people}
    numbers |= {number for row in plan.broken for number in row.people}
    people = {
        number: KnownPerson(plain_name(name), village)
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
        units={
            (region, name): kind
            for keys in _batches({row.region for row in plan.units})
            for region, name, kind in Unit.objects.filter(region__in=keys, ended=False).values_list(
                "region_id", "name", "kind"
            )
        },
        cards={
            bytes(token): KnownHolder(number, village)
            for keys in _batches({row.token for row in plan.cards})
            for token, number, village in Card.objects.filter(token__in=keys, person__isnull=False).values_list(
                "token", "person__number", "person__village_id"
            )
        },
        windows=_windows(plan, numbers),
        ended=set(Region.objects.filter(ended=True).values_list("code", flat=True)),
        left={
            number
            for keys in _batches(numbers)
            for number in Person.objects.filter(number__in=keys, left=True).values_list("number", flat=True)
        },
        leaving={
            number
            for keys in _batches(numbers)
            for number in PersonRecord.objects.known()
            .filter(subject__number__in=keys, left=True, valid_to=None)
            .values_list("subject__number", flat=True)
        },
        taken={
            number
            for keys in _batches({row.number for row in plan.people if row.number not in people})
            for number in ever_somebodys(keys)
        },
        numbers=known_numbers(plan.people),
        alike={
            folded: number
            for keys in _batches({row.number.lower() for row in plan.people if row.number not in people})
            for folded, number in Person.objects.annotate(folded=Lower("number"))
            .filter(folded__in=keys)
            .values_list("folded", "number")
        },
        namesakes=_namesakes({row.village for row in plan.people if row.number not in people}),
    )


def _namesakes(villages: set[str]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for keys in _batches(villages):
        there = Person.objects.filter(village__in=keys, left=False)
        for village, name, number in there.values_list("village", "name", "number"):
            found[village, plain_name(name)].add(number)
    return found


def _batches[T](keys: set[T]) -> Iterator[list[T]]:
    return map(list, batched(keys, _KEYS_A_QUERY, strict=False))


def _windows(plan: Plan, numbers: set[str]) -> dict[tuple[str, str], KnownWindow]:
    shares = DutyWindow.people.through.objects
    pks: set[int] = set()
    named = {row.village for row in plan.windows} | {row.place for row in plan.broken if row.key and row.place}
    for villages in _batches(named):
        pks.update(DutyWindow.objects.filter(village__in=villages).values_list("pk", flat=True))
    for keys in _batches(numbers):
        pks.update(shares.filter(person__number__in=keys).values_list("dutywindow_id", flat=True).distinct())
    found: dict[int, KnownWindow] = {}
    # Each number and name is held once, because a person may be in hundreds of windows.
    people: dict[str, tuple[str, str]] = {}
    for some in _batches(pks):
        ends = WindowRecord.objects.known().at(timezone.now()).filter(subject__in=some).exclude(valid_to=None)
        planned = {pk: timezone.localdate(until) for pk, until in ends.values_list("subject", "valid_to")}
        leading: dict[int, set[int]] = {}
        for one in DutyWindow.objects.filter(pk__in=some).values(*_OF_WINDOW):
            leading[one["pk"]] = set(one["leaders"])
            found[one["pk"]] = KnownWindow(
                pk=one["pk"],
                village=one["village_id"],
                name=one["name"],
                weekdays=one["weekdays"],
                start=one["start"],
                end=one["end"],
                people={},
                until=planned.get(one["pk"]),
                season=(one["season_from"], one["season_to"]),
                named_days=one["days"] == DaysKind.NAMED,
                marks=one["marks"],
            )
        # Values and not models, which take ten times the memory. A window that has ended keeps its people, and is not
        # among those found.
        of_windows = shares.filter(dutywindow__in=[pk for pk in some if pk in found]).values_list(
            "dutywindow_id", "person_id", "person__number", "person__name"
        )
        for pk, person, number, name in of_windows.iterator():
            number, name = people.setdefault(number, (number, name))
            found[pk].people[number] = name
            if person in leading[pk]:
                found[pk].leaders.add(number)
    # Nothing keeps a village from having two windows of one name. The older one then comes last and stays in the dict,
    # so a preview and the import after it mean the same window.
    newest_first = sorted(found.values(), key=lambda window: window.pk, reverse=True)
    return {window_key(window.village, window.name): window for window in newest_first}
