"""Query touches for people. Whoever held the card at that time has the touch, so a late binding counts back.

A touch by number is that person's, because a PIN was entered with it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from protocol.units import DATED_QUALITIES
from server_broker.attendance.as_of import bindings_of
from server_broker.attendance.models import Touch
from server_broker.attendance.outcomes import Outcome, outcome_of
from server_broker.dated.days import begin_of, end_of
from server_broker.fleet.models import UNDATED, Station
from server_broker.people.models import BindingState, Person
from server_broker.people.numbers import Numbers, numbers_of


@dataclass(frozen=True, slots=True)
class TouchRow:
    """A touch for a list. ``person`` is None if the card, or the number, was nobody's."""

    touch: Touch
    person: Person | None
    at: datetime
    """The corrected time if there is one, or the station's time; if nothing dates the touch, when it came."""
    dated: bool
    """False when ``at`` is only when it came."""
    direction: str
    """``in``, ``out`` or empty. The person's own choice counts before the rule's."""
    outcome: Outcome
    """Whether it counts, and why not."""

    @property
    def counts(self) -> bool:
        """Tell whether it counts for the person."""
        return self.outcome == "recorded"


def touches_of_day(region_code: str, day: date) -> QuerySet[Touch]:
    """Return the touches of a local day at the stations under a region."""
    stations = Station.objects.under(region_code).values("pk")
    return Touch.objects.filter(happened_between(begin_of(day), end_of(day)), station__in=stations)


def happened_between(start: datetime, end: datetime) -> Q:
    """Return the condition that a touch happened in ``[start, end)``, by the time of `happened`."""
    # Several conditions instead of one computed time, so that PostgreSQL can use an index for each (`Touch.Meta`).
    dated = Q(wall__gte=start, wall__lt=end, quality__in=DATED_QUALITIES, corrected_wall__isnull=True)
    corrected = Q(corrected_wall__gte=start, corrected_wall__lt=end)
    return dated | corrected | undated_between(start, end)


def undated_between(start: datetime, end: datetime | None = None) -> Q:
    """Return the condition that nothing dates a touch and that it came in ``[start, end)``; without an end, since."""
    came, received = Q(came_at__gte=start), Q(came_at__isnull=True, received_at__gte=start)
    if end is not None:
        came, received = came & Q(came_at__lt=end), received & Q(received_at__lt=end)
    # The common part twice: so each half has its index.
    undated = UNDATED & Q(corrected_wall__isnull=True)
    return (undated & came) | (undated & received)


def touch_rows(touches: list[Touch], *, known: datetime | None = None) -> list[TouchRow]:
    """Return the touches with their persons and times, newest first.

    Args:
        known: Whose they were as the county knew it then; None: as it knows now.
    """
    bindings = bindings_of((bytes(touch.card_token) for touch in touches if not touch.person_number), known=known)
    numbers = numbers_of({touch.person_number for touch in touches} - {""}, known=known)
    rows = []
    for touch in touches:
        at, dated = happened(touch)
        direction = touch.chosen_direction or touch.direction
        binding = bindings.at(bytes(touch.card_token), at)
        person = _by_number(numbers, touch.person_number, at, dated) if binding is None else binding.person
        by_number = None if person is None else BindingState.HELD
        holds = by_number if binding is None else binding.state
        outcome = outcome_of(touch.answer, by_card=bool(touch.card_token), holds=holds)
        rows.append(TouchRow(touch, person, at, dated, direction, outcome))
    # Facts that came together have the same time of receipt, but their seqs are in order.
    return sorted(rows, key=lambda row: (row.at, row.touch.seq), reverse=True)


def _by_number(numbers: Numbers, number: str, at: datetime, dated: bool) -> Person | None:
    """Return for whom a touch by number counts. Like a card's, it counts for nobody once the person has left.

    A touch that nothing dates was before its receipt, when the person may still have been there. Somebody looks at it.
    """
    person = numbers.person(number, at)
    return None if person is None or (dated and numbers.had_left(person, at)) else person


def happened(touch: Touch) -> tuple[datetime, bool]:
    """Return when a touch happened, and whether that is known. An undated touch counts at the time when it came."""
    dated = touch.quality in DATED_QUALITIES
    at = touch.corrected_wall or (touch.wall if dated else touch.reached_at)
    return at, dated or touch.corrected_wall is not None
