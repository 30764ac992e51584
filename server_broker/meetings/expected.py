"""Whom a branch, a post, a type or a whole place stands for, when somebody announces a meeting."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from server_broker.dated.models import AsOf
from server_broker.people.models import HoldingRecord, HoldingState, Person, PersonType, Post, Unit
from server_broker.people.posts import holders
from server_broker.regions.models import Region, subtree_prefix


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom somebody chose: everybody whom one of these names."""

    units: Collection[int] = ()
    """Everybody who holds a post of the unit."""
    posts: Collection[int] = ()
    types: Collection[str] = ()
    """Everybody of the type in the region."""
    people: Collection[int] = ()


def people_for(region: Region, chosen: Chosen, at: dt.datetime) -> QuerySet[Person]:
    """Return the people of a region, and of all that lies in it, who are meant for a meeting at a time."""
    posts = {*chosen.posts, *Post.objects.filter(unit__in=chosen.units).values_list("pk", flat=True)}
    held = {row.subject.person_id for row in holders(sorted(posts), AsOf(at))} if posts else set()
    meant = Q(pk__in=held | set(chosen.people))
    if types := [kind for kind in chosen.types if kind in PersonType.values]:
        meant |= Q(type__in=types)
    here = Person.objects.filter(village__code__startswith=subtree_prefix(region.code), left=False)
    return here.filter(meant).order_by("village", "number")


def members_of(unit: Unit, at: dt.datetime) -> set[int]:
    """Return who holds a post of a unit, keys of people."""
    rows = HoldingRecord.objects.as_of(AsOf(at)).filter(subject__post__unit=unit, state=HoldingState.HELD)
    return set(rows.values_list("subject__person", flat=True))
