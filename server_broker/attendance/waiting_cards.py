"""发卡台: a new card is issued by touching it at a station. Cards that are bound to nobody wait here for a person."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A card without a person: where and when it was last touched, and how often."""

    token: str
    """32 hex digits. The form that binds the card sends them."""
    station: Station
    last: dt.datetime
    touches: int


def waiting_cards(touches: Iterable[Touch]) -> list[WaitingCard]:
    """Return one entry for each unbound card in ``touches``, the last touched first.

    Args:
        touches: Newest first, with ``happened`` and their station.
    """
    found: dict[str, WaitingCard] = {}
    for touch in touches:
        token = bytes(touch.card_token).hex()
        card = found.get(token)
        if card is None:  # newest first, so this is the card's last touch
            found[token] = WaitingCard(token, touch.station, getattr(touch, "happened", touch.received_at), 1)
        else:
            found[token] = replace(card, touches=card.touches + 1)
    return list(found.values())
