"""A card's bond to a person: made by a touch at a desk, ended by a loss."""

from django.db import transaction
from django.utils import timezone

from server_broker.attendance import services
from server_broker.audit.log import record
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.people.models import Card, Person


def bind_card(token: bytes, person: Person, *, actor: str, tail: str = "") -> Card:
    """Give a card to a person and tell the village's stations. Touches made before count back to them.

    Args:
        token: The card's token (`protocol.cards`), as a station sent it.
        tail: Last four digits of the number where somebody read it; a touch tells only the token.

    Raises:
        BindRefused: Nothing was changed; the message is Chinese.
    """
    with transaction.atomic():
        card = services.bind_card(token=token, person=person, tail=tail)
        record(actor=actor, action="card.bound", subject=person.number, detail={"card": card.pk})
        return card


def report_lost(card: Card, *, actor: str) -> None:
    """Mark a card as lost: stations record its touches, refuse them and raise an alarm. A second report is nothing."""
    with transaction.atomic():
        if Card.objects.filter(pk=card.pk, lost_at=None).update(lost_at=timezone.now()):
            record(actor=actor, action="card.lost", subject=card.person.number, detail={"card": card.pk})
            desired_changed_under(card.person.village_id)
