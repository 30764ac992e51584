"""Touches and cards as people ask for them: whose a touch is follows from the card's binding when asked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from server_broker.attendance.models import DATED_QUALITIES, UNDATED, Touch
from server_broker.fleet.desired import desired_changed
from server_broker.fleet.models import Station
from server_broker.people.models import Card, Person

TOKEN_BYTES = 16


class BindRefused(Exception):
    """A card cannot be bound; the message is Chinese, for the person who tries."""


@dataclass(frozen=True, slots=True)
class TouchRow:
    """A touch as a list shows it. ``person`` is None for a card that is bound to nobody."""

    touch: Touch
    station: Station
    person: Person | None
    at: datetime
    """The station's time, corrected where it had to be; the county's time of receipt where nothing dates it."""
    dated: bool
    """False when ``at`` is only the time of receipt."""
    direction: str
    """``in``, ``out`` or empty; the person's own choice goes before the rule's."""


@dataclass(frozen=True, slots=True)
class PendingCard:
    """A card that was touched and is bound to nobody."""

    token: bytes
    touches: int
    first_at: datetime
    last_at: datetime
    stations: tuple[str, ...]

    @property
    def label(self) -> str:
        """Eight hex digits of the token: enough to tell cards apart, and no card number."""
        return self.token.hex()[:8]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the start of a local day (the county's time zone) and of the next."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    return start, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def touches_of_day(region_code: str, day: date) -> QuerySet[Touch]:
    """Return the touches of a local day at the stations under a region."""
    start, end = day_bounds(day)
    dated = Q(wall__gte=start, wall__lt=end, quality__in=DATED_QUALITIES)
    corrected = Q(corrected_wall__gte=start, corrected_wall__lt=end)
    undated = UNDATED & Q(corrected_wall__isnull=True, received_at__gte=start, received_at__lt=end)
    stations = Station.objects.under(region_code).values("pk")
    return Touch.objects.filter(dated | corrected | undated, station__in=stations)


def todays_touches(region_code: str, day: date, *, limit: int = 500) -> list[TouchRow]:
    """Return the latest touches of a local day under a region, newest first."""
    touches = touches_of_day(region_code, day).select_related("station", "station__village")
    return touch_rows(list(touches.order_by("-received_at", "-seq")[:limit]))


def touch_rows(touches: list[Touch]) -> list[TouchRow]:
    """Resolve whose touches these are, and when they were, newest first."""
    cards = Card.objects.filter(token__in={bytes(touch.card_token) for touch in touches}).select_related("person")
    people = {bytes(card.token): card.person for card in cards}
    rows = [_row(touch, people.get(bytes(touch.card_token))) for touch in touches]
    return sorted(rows, key=lambda row: (row.at, row.touch.seq), reverse=True)


def _row(touch: Touch, person: Person | None) -> TouchRow:
    dated = touch.quality in DATED_QUALITIES
    at = touch.wall if dated else touch.corrected_wall or touch.received_at
    direction = touch.chosen_direction or touch.direction
    return TouchRow(touch, touch.station, person, at, dated or touch.corrected_wall is not None, direction)


def pending_cards(region_code: str, *, limit: int = 200) -> list[PendingCard]:
    """Return cards that were touched under a region and are bound to nobody, the latest first."""
    stations = Station.objects.under(region_code).values("pk")
    unbound = Touch.objects.filter(station__in=stations, answer="unknown").exclude(
        card_token__in=Card.objects.values("token")
    )
    grouped = (
        unbound.values("card_token")
        .annotate(touches=Count("pk"), first_at=Min("received_at"), last_at=Max("received_at"))
        .order_by("-last_at")[:limit]
    )
    found = {bytes(row["card_token"]): row for row in grouped}
    seen = unbound.filter(card_token__in=found).values_list("card_token", "station_id").distinct()
    at_stations: dict[bytes, set[str]] = {token: set() for token in found}
    for token, station in seen:
        at_stations[bytes(token)].add(station)
    return [
        PendingCard(token, row["touches"], row["first_at"], row["last_at"], tuple(sorted(at_stations[token])))
        for token, row in found.items()
    ]


def bind_card(*, token: bytes, person: Person, tail: str = "", at: datetime | None = None) -> Card:
    """Bind a card to a person and tell the stations of their village; touches before this count too.

    Args:
        token: As `protocol.cards.card_token` makes it.
        tail: The last four digits of the card's number, where they are known.

    Raises:
        BindRefused: The card is bound already; nothing changed.
    """
    if len(token) != TOKEN_BYTES:
        raise BindRefused("卡标识无效")
    try:
        with transaction.atomic():
            card = Card.objects.create(token=token, tail=tail[-4:], person=person, bound_at=at or timezone.now())
            desired_changed(Station.objects.filter(village=person.village).values_list("pk", flat=True))
    except IntegrityError as error:
        raise BindRefused("这张卡已绑定给别人") from error
    return card
