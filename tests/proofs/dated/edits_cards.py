"""Edits of cards. Import it after `django.setup`."""

import datetime as dt

from server_broker.people.cards import card_found, end_binding, replace_card, report_lost, take_card
from server_broker.people.models import Card, Person
from tests.proofs.dated.county import BY, HOUR, WHY, County
from tests.proofs.dated.outsider import Reckoning


def _held(county: County, **conditions: object) -> tuple[Card, str]:
    card = county.some(Card.objects.filter(person__isnull=False, **conditions))
    return card, str(Person.objects.get(pk=card.person_id).number)


def lose(county: County, day: dt.date) -> None:
    """A card is lost since two hours ago."""
    card, _ = _held(county, lost_at=None)
    since = county.at(day)
    report_lost(card, actor=BY, reason=WHY, since=since - 2 * HOUR, now=since)
    county.cards[bytes(card.token)].set(None, since - 2 * HOUR)


def find(county: County, day: dt.date) -> None:
    """A lost card is there again."""
    card, number = _held(county, lost_at__isnull=False)
    now = county.at(day)
    card_found(card, actor=BY, reason=WHY, since=now, now=now)
    county.cards[bytes(card.token)].set(number, now)


def end(county: County, day: dt.date) -> None:
    """A card is handed in."""
    card, _ = _held(county, lost_at=None)
    now = county.at(day)
    end_binding(card, actor=BY, reason=WHY, since=now, now=now)
    county.cards[bytes(card.token)].set(None, now)


def replace(county: County, day: dt.date) -> None:
    """A new card instead of one that is held or lost: it counts always, and the old one until now."""
    card, number = _held(county)
    now, token = county.at(day), county.draw.randbytes(16)
    replace_card(card, token, Person.objects.get(number=number), actor=BY, now=now)
    county.cards[bytes(card.token)].set(None, now)
    county.cards.setdefault(token, Reckoning()).set(number, None)


def take(county: County, day: dt.date) -> None:
    """A card was somebody else's for some hours already."""
    card, _ = _held(county, lost_at=None)
    other, now = county.somebody(), county.at(day)
    since = now - county.draw.randrange(1, 72) * HOUR
    take_card(card, actor=BY, reason=WHY, since=since, give_to=other, now=now)
    county.cards[bytes(card.token)].hand_over(other.number, since)


def bind(county: County, day: dt.date) -> None:
    """Somebody gets a card: a new one, or one that was handed in."""
    person = county.somebody()
    free = Card.objects.filter(person=None).order_by("pk").first() if county.draw.random() < 0.5 else None
    county.bind(person, county.at(day), None if free is None else bytes(free.token))


EDITS = (lose, find, end, take, bind)
