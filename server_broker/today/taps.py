"""Load the touches of people around some dates, as plain values, by a constant number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.expressions import RawSQL

from server_broker.attendance.models import Touch
from server_broker.attendance.touches import TouchRow, happened_between, touch_rows, undated_between
from server_broker.duty.reading import minute_of, these
from server_broker.fleet.models import Station
from server_broker.people.models import Binding, PersonRecord
from server_broker.regions.models import TOWNSHIP_DIGITS, Region
from server_broker.today.values import Tap

_LATE = dt.timedelta(days=7)
"""For so long after the dates an undated touch that comes may be of them."""


@dataclass(frozen=True, slots=True)
class Means:
    """By what these people touch: tokens of cards that were ever theirs, and their numbers, each with its people."""

    cards: Mapping[bytes, set[int]]
    numbers: Mapping[str, set[int]]


def means_of(people: Collection[int]) -> Means:
    """Return the cards and numbers of people, by two queries. A card may have had several holders."""
    cards: dict[bytes, set[int]] = defaultdict(set)
    numbers: dict[str, set[int]] = defaultdict(set)
    held = Binding.objects.known().filter(person=these(people)).values_list("subject__token", "person")
    for token, person in held:
        cards[bytes(token)].add(person)
    named = PersonRecord.objects.known().filter(subject=these(people)).values_list("number", "subject")
    for number, person in named:
        numbers[number].add(person)
    return Means(cards, numbers)


def touches_by(means: Means) -> Q:
    """Return the condition that a touch was by one of these cards or numbers."""
    tokens = RawSQL("SELECT unnest(%s::bytea[])", (sorted(means.cards),))
    numbers = RawSQL("SELECT unnest(%s::text[])", (sorted(means.numbers),))
    return Q(card_token__in=tokens) | Q(person_number__in=numbers)


def taps_of(
    people: Collection[int],
    means: Means,
    period: tuple[dt.datetime, dt.datetime],
    townships: Mapping[int, Collection[str]],
) -> dict[int, list[Tap]]:
    """Return the touches of each person in ``[since, until)``, those of lost cards left out.

    Args:
        townships: The first digits of the townships in which each person's turns are. Only touches there count.
    """
    since, until = period
    late = undated_between(until, until + _LATE)
    found = Touch.objects.filter(happened_between(since, until) | late, touches_by(means))
    wanted = frozenset(people)
    taps: dict[int, list[Tap]] = defaultdict(list)
    touches = list(found)
    # Not joined to each touch: three models a row take three times as long, and there are few stations.
    stations = Station.objects.filter(pk__in={touch.station_id for touch in touches}).select_related("village")
    villages = {station.pk: station.village for station in stations}
    for row in touch_rows(touches):
        if row.person is not None and row.person.pk in wanted and row.outcome in ("recorded", "repeat"):
            village = villages[row.touch.station_id]
            taps[row.person.pk].append(_tap(row, village, townships.get(row.person.pk, ())))
    return taps


def _tap(row: TouchRow, village: Region, townships: Collection[str]) -> Tap:
    touch = row.touch
    return Tap(
        at=row.at,
        minute=minute_of(row.at),
        card=bytes(touch.card_token).hex() or f"#{touch.person_number}",
        station=touch.station_id,
        village=village.identity,
        place=village.name,
        counts=village.code[:TOWNSHIP_DIGITS] in townships,
        dated=row.dated,
        chosen=touch.chosen_direction,
    )
