"""What the county has of the units, posts and people that a term change may name."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import F

from server_broker.people.models import Holding, HoldingRecord, HoldingState, Person, PersonRecord, Post, Unit
from server_broker.people.names import plain_name
from server_broker.regions.models import subtree_prefix
from server_broker.term_change.rows import TermPlan


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit that stands."""

    pk: int
    name: str
    region: str
    region_name: str


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody on file. ``first`` is since when (None: always), ``gone`` the time from which they have left."""

    pk: int
    number: str
    name: str
    village: str
    first: dt.datetime | None
    gone: dt.datetime | None

    @property
    def plain(self) -> str:
        """The name in its one form."""
        return plain_name(self.name)

    @property
    def said(self) -> str:
        """Name and number, because a village may have two people of one name."""
        return f"{self.name} {self.number}"


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch in which somebody holds a post, whether at work or away from it."""

    person: int
    since: dt.datetime | None
    until: dt.datetime | None
    state: str

    def covers(self, at: dt.datetime) -> bool:
        """Tell whether it holds at a time."""
        return (self.since is None or self.since <= at) and (self.until is None or self.until > at)


@dataclass(frozen=True, slots=True)
class TermKnown:
    """All units and people of the sender's scope, and who holds the posts of these units."""

    units: dict[str, list[KnownUnit]]
    """By name."""
    by_number: dict[str, KnownPerson]
    by_name: dict[str, list[KnownPerson]]
    by_pk: dict[int, KnownPerson]
    posts: dict[tuple[int, str], int]
    """By unit and title."""
    held: dict[int, list[Held]]
    """By post: what stands and has not ended, by time."""
    ever: set[int]
    """The people who have or had any post, or are to have one."""


def load_known(plan: TermPlan) -> TermKnown:
    """Read what the county has in the scope of ``plan``, in a constant number of queries."""
    prefix = subtree_prefix(plan.scope) if plan.scope else ""
    units: dict[str, list[KnownUnit]] = defaultdict(list)
    wanted = {row.unit for row in plan.posts}
    rows = Unit.objects.filter(region__code__startswith=prefix, ended=False, name__in=wanted)
    for pk, name, code, region in rows.values_list("pk", "name", "region_id", "region__name").order_by("pk"):
        units[name].append(KnownUnit(pk, name, code, region))
    own = [unit.pk for some in units.values() for unit in some]
    posts = {
        (unit, title): pk for pk, unit, title in Post.objects.filter(unit__in=own).values_list("pk", "unit_id", "title")
    }
    held = _held(own)
    by_pk = _people(prefix, {row.person for some in held.values() for row in some})
    seen = {pk: person for pk, person in by_pk.items() if person.village.startswith(prefix)}
    by_name: dict[str, list[KnownPerson]] = defaultdict(list)
    for person in seen.values():
        by_name[plain_name(person.name)].append(person)
    by_number = {person.number: person for person in seen.values()}
    ever = set(Holding.objects.values_list("person_id", flat=True).distinct())
    return TermKnown(dict(units), by_number, dict(by_name), by_pk, posts, held, ever)


def _held(units: list[int]) -> dict[int, list[Held]]:
    rows = HoldingRecord.objects.known().filter(subject__post__unit__in=units).exclude(state=HoldingState.ENDED)
    found: dict[int, list[Held]] = defaultdict(list)
    columns = ("subject__post_id", "subject__person_id", "valid_from", "valid_to", "state")
    for post, person, since, until, state in rows.order_by(F("valid_from").asc(nulls_first=True)).values_list(*columns):
        found[post].append(Held(person, since, until, state))
    return dict(found)


def _people(prefix: str, others: set[int]) -> dict[int, KnownPerson]:
    """Return the people under the prefix, and ``others``: a post may be held by somebody of another township."""
    people = Person.objects.filter(village__code__startswith=prefix) | Person.objects.filter(pk__in=others)
    begins: dict[int, list[dt.datetime | None]] = defaultdict(list)
    gone: dict[int, dt.datetime] = {}
    rows = PersonRecord.objects.known().filter(subject__in=people.values("pk"))
    for pk, since, until, left in rows.values_list("subject_id", "valid_from", "valid_to", "left"):
        begins[pk].append(since)
        if left and until is None:
            gone[pk] = since or dt.datetime.min.replace(tzinfo=dt.UTC)
    first = {pk: None if None in some else min(one for one in some if one) for pk, some in begins.items()}
    return {
        pk: KnownPerson(pk, number, name, village, first.get(pk), gone.get(pk))
        for pk, number, name, village in people.distinct().values_list("pk", "number", "name", "village_id")
    }
