"""Tell a station of its neighbours: people of the township's other villages who have a card.

Their card is green there too, and the screen says 外村 (docs/rules.md, 2.6). The own village always goes first: what
room is left in the message is theirs. If not all of them fit, those who came here lately are told first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from protocol.codec import encode
from protocol.twin import Card, Desired, Person
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station
from server_broker.people.models import Card as CardRow
from server_broker.people.models import Person as PersonRow
from server_broker.regions.models import TOWNSHIP_DIGITS

MAX_PEOPLE, MAX_CARDS = 500, 1000
MAX_PAYLOAD_BYTES = 65_000
"""A desired state and its signature must fit in one MQTT message."""
_HEADERS_BYTES = 8
"""By how much the lengths of the two lists may grow (MessagePack, arrays of 16 bits)."""
_LATELY = timedelta(days=62)

type Neighbour = tuple[Person, list[Card]]


def with_neighbours(desired: Desired, station: Station, *, now: datetime) -> tuple[Desired, int]:
    """Return a desired state with as many neighbours as fit, and how many do not."""
    neighbours = _neighbours(station)
    told = _as_many_as_fit(desired, neighbours)
    if len(told) < len(neighbours):
        lately = _tokens_lately(station, [card.token for _, cards in neighbours for card in cards], now)
        # A stable sort: who is left out changes only with who came.
        neighbours.sort(key=lambda neighbour: not any(card.token in lately for card in neighbour[1]))
        told = _as_many_as_fit(desired, neighbours)
    told.sort(key=lambda neighbour: neighbour[0].id)
    full = msgspec.structs.replace(
        desired,
        people=[*desired.people, *(person for person, _ in told)],
        cards=[*desired.cards, *(card for _, cards in told for card in cards)],
    )
    return full, len(neighbours) - len(told)


def card_of(row: CardRow, holder: PersonRow) -> Card:
    """Return a card as stations are told of it."""
    return Card(token=bytes(row.token), person=holder.number, lost=row.lost_at is not None)


def _neighbours(station: Station) -> list[Neighbour]:
    """Return the people with cards of the township's other villages, by their number."""
    rows = (
        CardRow.objects.filter(
            person__village__code__startswith=station.village_id[:TOWNSHIP_DIGITS], person__left=False
        )
        .exclude(person__village=station.village_id)
        .select_related("person__village")
        .order_by("person__number", "token")
    )
    found: dict[str, Neighbour] = {}
    for row in rows:
        if (one := row.person) is not None:
            told = Person(id=one.number, name=one.name, type=one.type, village=one.village.name)
            found.setdefault(one.number, (told, []))[1].append(card_of(row, one))
    return list(found.values())


def _as_many_as_fit(desired: Desired, neighbours: Sequence[Neighbour]) -> list[Neighbour]:
    """Return those that have room, in their order; somebody smaller may follow one who is left out."""
    people, cards = MAX_PEOPLE - len(desired.people), MAX_CARDS - len(desired.cards)
    room = MAX_PAYLOAD_BYTES - _HEADERS_BYTES - len(encode(desired))
    told = []
    for person, own in neighbours:
        size = len(encode(person)) + sum(len(encode(card)) for card in own)
        if people >= 1 and len(own) <= cards and size <= room:
            people, cards, room = people - 1, cards - len(own), room - size
            told.append((person, own))
    return told


def _tokens_lately(station: Station, tokens: Collection[bytes], now: datetime) -> set[bytes]:
    """Return which of these cards were touched in the village lately."""
    touches = Touch.objects.filter(station__village=station.village_id, wall__gte=now - _LATELY, card_token__in=tokens)
    return {bytes(token) for token in touches.values_list("card_token", flat=True).distinct()}
