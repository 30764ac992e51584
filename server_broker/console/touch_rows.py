"""Touches with the names of their people, as far as the viewer may know them.

A person may touch at a station of another township. The viewer sees the touch, but the name only if the person is in
the viewer's scope.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from server_broker.accounts.scope import Viewer, in_scope
from server_broker.attendance.models import Touch
from server_broker.attendance.outcomes import Outcome
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.attendance.touches import touch_rows


@dataclass(frozen=True, slots=True)
class ShownTouch:
    """One touch. ``name`` is empty if the card, or the number, was nobody's."""

    touch: Touch
    at: dt.datetime
    is_dated: bool
    name: str
    direction: str
    outcome: Outcome
    """Whether it counts and why not, whatever light the station showed."""


def shown_touches(user: Viewer, touches: Iterable[Touch], *, known: dt.datetime | None = None) -> list[ShownTouch]:
    """Return touches for a list, newest first, with one further query for all their cards.

    Args:
        known: With the people whose they were as the county knew it then; None: as it knows now.
    """
    shown = []
    for row in touch_rows(list(touches), known=known):
        name = ""
        if row.person is not None:
            name = row.person.name if in_scope(user, row.person.village_id) else ELSEWHERE
        shown.append(ShownTouch(row.touch, row.at, row.dated, name, row.direction, row.outcome))
    return shown
