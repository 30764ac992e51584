"""The county's own data as a world of the rules: some villages and dates, as the county knew them at a moment.

The number of queries does not grow with villages, people or dates. A village is read with all stations of its township,
or of the county where touches of the whole county count.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from server_broker.people.models import PersonRecord
from server_broker.settlement import values
from server_broker.settlement.places import Places
from server_broker.settlement.times import ALWAYS
from server_broker.settling.affairs import APPROVER, SECOND, absences, corrections, residencies
from server_broker.settling.cards import cards_of
from server_broker.settling.rosters import Duty, duty_in
from server_broker.settling.span import Span
from server_broker.settling.stations import Refs, stations_in
from server_broker.settling.terms import calendar, notices, parameters, regions


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and how the rules' names lead back to the county's."""

    world: values.World
    duty: Duty
    refs: Refs


def world_of(villages: Collection[int], first: dt.date, last: dt.date, known: dt.datetime) -> values.World:
    """Return the world of these villages (identities of regions) and dates, as the county knew it at ``known``."""
    return read(villages, Span(first, last, known)).world


def read(villages: Collection[int], span: Span, *, also: Collection[int] = ()) -> Read:
    """Return the world of these villages and dates, with what leads back to the county's rows.

    Args:
        also: People besides those who have something to do with a window there.
    """
    duty = duty_in(villages, span)
    planned = _planned(villages, duty, span, also)
    concerned, at_home = duty.people | set(also), duty.villages | set(villages)
    cards = cards_of(concerned, span)
    places = Places(planned.regions, ALWAYS)
    counting = _regions_that_count(at_home, planned.parameters, places, planned.regions, span)
    stations, refs = stations_in(counting, villages, at_home, cards.means, span)
    world = replace(
        planned,
        bindings=cards.bindings,
        corrections=corrections(duty.people, duty.starts, span),
        residencies=residencies(concerned, span),
        stations=stations,
    )
    return Read(world, duty, refs)


def plan_of(villages: Collection[int], span: Span) -> values.World:
    """Return the world of these villages and dates without stations and cards: who is due when, and what is off it."""
    return _planned(villages, duty_in(villages, span), span, ())


def _planned(villages: Collection[int], duty: Duty, span: Span, also: Collection[int]) -> values.World:
    tree, concerned = regions(span), duty.people | set(also)
    return values.World(
        regions=tree,
        calendar=calendar(span),
        notices=notices(duty.rosters),
        parameters=parameters(duty.villages | set(villages), tree, span),
        people=(*_people(concerned, span), *_approvers(tree)),
        holdings=duty.holdings,
        away=duty.away,
        windows=duty.windows,
        swaps=duty.swaps,
        leave=absences(concerned, span),
    )


def _regions_that_count(
    villages: Collection[int],
    parameters_here: Iterable[values.ParameterRow],
    places: Places,
    tree: Iterable[values.Region],
    span: Span,
) -> set[int]:
    """Return the regions whose stations bear on windows of these villages."""
    whole_county = any(("place", "county") in row.values for row in parameters_here)
    ids = {region.id for region in tree}
    if whole_county:
        return {int(one) for one in ids}
    days = (span.first, span.last)
    townships = {places.township(str(village), day) for village in villages for day in days}
    return {int(one) for one in ids if any(places.township(one, day) in townships for day in days)} | set(villages)


def _people(people: Collection[int], span: Span) -> list[values.Person]:
    """Return people at the village to which they belong on the last date, in one query."""
    rows: Mapping[int, int] = dict(
        PersonRecord.objects.known(span.known)
        .during(span.since, span.until)
        .filter(subject__in=people)
        .order_by("valid_from")
        .values_list("subject", "village__identity")
    )
    return [values.Person(id=str(person), home=str(rows.get(person, "")), rank="cadre") for person in sorted(people)]


def _approvers(tree: Iterable[values.Region]) -> list[values.Person]:
    """Return those who stand for whoever approved something."""
    county = next(iter(sorted(region.id for region in tree if region.parent is None)), "")
    return [values.Person(id=name, home=county, rank="county") for name in (APPROVER, SECOND)]
