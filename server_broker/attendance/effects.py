"""Say what a change would do before it is done: the change itself is made, looked at, and taken back."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from server_broker.attendance.as_of import bindings_of
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import happened
from server_broker.people.models import BindingState


@dataclass(frozen=True, slots=True, order=True)
class Moved:
    """Touches of one local day that count for somebody else, or no longer, or again. Empty: for nobody."""

    day: dt.date
    before: str
    after: str
    touches: int


def rehearse[T](change: Callable[[], object], look: Callable[[], T]) -> tuple[T, T]:
    """Return what ``look`` says before and after a change, and leave everything as it was.

    Raises:
        Exception: What the change raises when it refuses.
    """
    with transaction.atomic():
        before = look()
        change()
        after = look()
        # So that the preview can't differ from what would be done.
        transaction.set_rollback(True)
    return before, after


def touches_moved(tokens: Collection[bytes], change: Callable[[], object]) -> list[Moved]:
    """Return which touches of these cards a change would give to whom, by day.

    Raises:
        Exception: What the change raises when it refuses.
    """
    touches = list(
        Touch.objects.filter(card_token__in=list(tokens)).only(
            "card_token", "corrected_wall", "wall", "quality", "received_at"
        )
    )
    before, after = rehearse(change, lambda: _owners(touches, tokens))
    counted: Counter[tuple[dt.date, str, str]] = Counter()
    for touch, old, new in zip(touches, before, after, strict=True):
        if old != new:
            counted[timezone.localdate(happened(touch)[0]), old, new] += 1
    return sorted(Moved(*key, touches=count) for key, count in counted.items())


def _owners(touches: list[Touch], tokens: Collection[bytes]) -> list[str]:
    """Return for each touch the name and number of the person for whom it counts, or nothing."""
    bindings = bindings_of(tokens)
    owners = []
    for touch in touches:
        row = bindings.at(bytes(touch.card_token), happened(touch)[0])
        counts = row is not None and row.person is not None and row.state != BindingState.LOST
        owners.append(f"{row.person.name}（{row.person.number}）" if counts and row and row.person else "")
    return owners
