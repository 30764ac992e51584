"""Bind cards to people, and report cards as lost."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from protocol.decisions import CardBound, CardLost
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.people.models import Card, Person

TOKEN_BYTES = 16


class BindRefused(Exception):
    """The card can't be bound. The message is Chinese, for the person who tries."""


def bind_card(token: bytes, person: Person, *, actor: str, tail: str = "") -> Card:
    """Bind a card to a person and notify the village's stations. Earlier touches of the card count for that person.

    Args:
        token: The card's token (`protocol.cards`), as a station sent it.
        tail: Last four digits of the card number, if known; a touch gives only the token.

    Raises:
        BindRefused: The card is bound already, or ``token`` is invalid. Nothing was changed.
    """
    if len(token) != TOKEN_BYTES:
        raise BindRefused("卡标识无效")
    try:
        with transaction.atomic():
            card = Card.objects.create(token=token, tail=tail[-4:], person=person, bound_at=timezone.now())
            entry = record(actor=actor, action="card.bound", subject=person.number, detail={"card": card.pk})
            decide(entry, CardBound(card=card.pk, person=person.pk), [card])
            desired_changed_under(person.village_id)
    except IntegrityError as error:  # a card's token is unique, also if two officers bind the card at the same time
        raise BindRefused("这张卡已绑定给别人") from error
    return card


def report_lost(card: Card, *, actor: str) -> None:
    """Mark a card as lost. Stations then record its touches, refuse them and raise an alarm. Repeating is harmless."""
    with transaction.atomic():
        if Card.objects.filter(pk=card.pk, lost_at=None).update(lost_at=timezone.now()):
            entry = record(actor=actor, action="card.lost", subject=card.person.number, detail={"card": card.pk})
            decide(entry, CardLost(card=card.pk), [card])
            desired_changed_under(card.person.village_id)
