"""发卡台: cards are issued by touching them at a station. What nobody has yet waits here for a name."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A card without a person that was touched: where and when last, and how often."""

    token: str
    """32 hex digits; names the card in the form that binds it."""
    station: Station
    last: dt.datetime
    touches: int


def waiting_cards(touches: Iterable[Touch]) -> list[WaitingCard]:
    """Gather touches of unbound cards by card, the last touched first.

    Args:
        touches: Newest first, with ``happened`` and their station.
    """
    found: dict[str, WaitingCard] = {}
    for touch in touches:
        token = bytes(touch.card_token).hex()
        earlier = found.get(token)
        found[token] = WaitingCard(
            token=token,
            station=touch.station if earlier is None else earlier.station,
            last=getattr(touch, "happened", touch.received_at) if earlier is None else earlier.last,
            touches=1 if earlier is None else earlier.touches + 1,
        )
    return list(found.values())
