"""发卡台: a new card is issued by touching it at a station. Cards that are bound to nobody wait here for a person."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Max, Min, QuerySet

from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station

CLOSE = dt.timedelta(seconds=30)
"""Two cards within this time may have been touched by people who stood in one line."""


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A card without a person: where and when it was last touched, and how often."""

    token: str
    """32 hex digits. The form that binds the card sends them."""
    station: Station
    last: dt.datetime
    touches: int
    is_close: bool = False
    """Another such card was last touched at the same station within `CLOSE`. The county holds no card numbers, so
    nobody can tell from the list which of them is which; who touches one of them again can."""


@dataclass(frozen=True, slots=True)
class UnknownCard:
    """A card that was nobody's when it was touched: how often, from when to when, and where last."""

    token: str
    """32 hex digits."""
    touches: int
    first: dt.datetime
    last: dt.datetime
    station: Station
    """Where it was touched last."""
    stations: int
    """At how many stations it was touched."""


def unknown_cards(touches: QuerySet[Touch]) -> list[UnknownCard]:
    """Return one entry for each card of ``touches``, the last touched first.

    Args:
        touches: Of cards that were nobody's (`console.queries.unbound`), with ``happened``.
    """
    grouped = (
        touches.order_by()
        .values("card_token")
        .annotate(
            touches=Count("pk"), first=Min("happened"), last=Max("happened"), stations=Count("station", distinct=True)
        )
    )
    rows = list(grouped.order_by("-last", "card_token"))
    where: dict[bytes, Station] = {}
    newest = (
        touches.order_by("card_token", "-happened", "-pk").distinct("card_token").select_related("station__village")
    )
    for touch in newest:
        where[bytes(touch.card_token)] = touch.station
    return [
        UnknownCard(
            bytes(row["card_token"]).hex(),
            row["touches"],
            row["first"],
            row["last"],
            where[bytes(row["card_token"])],
            row["stations"],
        )
        for row in rows
    ]


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
    close: set[str] = set()
    before: dict[str, WaitingCard] = {}
    for card in sorted(found.values(), key=lambda one: one.last):
        other = before.get(card.station.pk)
        if other is not None and card.last - other.last <= CLOSE:
            close |= {card.token, other.token}
        before[card.station.pk] = card
    return [replace(card, is_close=card.token in close) for card in found.values()]
