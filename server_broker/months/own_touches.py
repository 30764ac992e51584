"""A person's own touches since a moment, and what the county has each of them as."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from django.db.models import Q

from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import TouchRow, touch_rows, undated_between
from server_broker.people.models import Binding, Person, PersonRecord

type TouchState = Literal["counted", "corrected", "undated", "lost_card"]
"""``counted``: it is here and counts. ``corrected``: so, by the time that the county found out later. ``undated``,
``lost_card``: a person must look at it before it counts."""


def own_touches(people: Sequence[Person], start: dt.datetime) -> dict[int, list[TouchRow]]:
    """Return the touches of each person since ``start``, wherever they were, by the person's key, the newest first.

    The number of queries does not depend on the number of people.
    """
    found: dict[int, list[TouchRow]] = defaultdict(list)
    keys = {person.pk for person in people}
    for row in touch_rows(_touches(people, start)):
        # A card may have had another holder at that time.
        if row.person is not None and row.person.pk in keys:
            found[row.person.pk].append(row)
    return found


def _touches(people: Sequence[Person], start: dt.datetime) -> list[Touch]:
    """Return the touches since ``start`` by cards and numbers that these people ever had."""
    dated = Q(wall__gte=start, quality__in=DATED_QUALITIES, corrected_wall__isnull=True)
    since = Touch.objects.filter(dated | undated_between(start) | Q(corrected_wall__gte=start)).exclude(answer="repeat")
    tokens = Binding.objects.filter(person__in=people).values_list("subject__token", flat=True).distinct()
    # Also numbers that were corrected since: a touch by one counts for the person, as `touch_rows` tells.
    numbers = PersonRecord.objects.filter(subject__in=people).values_list("number", flat=True)
    # Two queries and plain values, so that PostgreSQL looks up a few cards and numbers by an index for each.
    by_card = since.filter(card_token__in=[bytes(token) for token in tokens])
    by_number = since.filter(person_number__in={*(person.number for person in people), *numbers})
    # Each station once, and not once for each touch: a person has hundreds at one station.
    return [touch for found in (by_card, by_number) for touch in found.prefetch_related("station__village")]


def state_of(row: TouchRow) -> TouchState:
    """Return what the county has a touch as."""
    if row.outcome == "lost":
        return "lost_card"
    if not row.dated:
        return "undated"
    return "corrected" if row.touch.corrected_wall is not None else "counted"
