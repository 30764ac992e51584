"""Touches as the viewer may see them: whose they are, unless that person belongs to somebody else's part."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from server_broker.accounts.scope import Viewer, in_scope
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import TouchRow, touch_rows

ELSEWHERE = "外辖区人员"


@dataclass(frozen=True, slots=True)
class ShownTouch:
    """One touch. ``name`` is empty for a card that nobody has yet: it waits to be looked at (待核对)."""

    touch: Touch
    at: dt.datetime
    is_dated: bool
    name: str
    direction: str
    outcome: str
    """The outcome: a card bound since then counts back, so its touch is no longer unknown."""


def shown_touches(user: Viewer, touches: Iterable[Touch]) -> list[ShownTouch]:
    """Return touches for a list, newest first, with one further query for all their cards."""
    return [_shown(user, row) for row in touch_rows(list(touches))]


def _shown(user: Viewer, row: TouchRow) -> ShownTouch:
    name = ""
    if row.person is not None:
        name = row.person.name if in_scope(user, row.person.village_id) else ELSEWHERE
    outcome = "recorded" if row.touch.answer == "unknown" and name else row.touch.answer
    return ShownTouch(row.touch, row.at, row.dated, name, row.direction, outcome)
