"""Say what a change does. To show it beforehand, the change itself is made and then taken back by its caller."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils import timezone

from server_broker.attendance.models import DutyWindow, Touch, WindowRecord
from server_broker.attendance.shares import on_duty
from server_broker.attendance.touches import happened, touch_rows, touches_of_day
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import AsOf
from server_broker.dated.writing import Period
from server_broker.regions.models import TOWNSHIP_DIGITS


@dataclass(frozen=True, slots=True, order=True)
class Moved:
    """Touches of one local day that count for somebody else, or no longer, or again. Empty: for nobody."""

    day: dt.date
    before: str
    after: str
    touches: int


@dataclass(frozen=True, slots=True)
class Effect[T]:
    """What a change did: what was seen before and after it, and the touches that it gave to somebody else."""

    before: T
    after: T
    moved: list[Moved]


def watched[T](change: Callable[[], object], look: Callable[[], T], tokens: Collection[bytes] = ()) -> Effect[T]:
    """Make a change and return what it did, to what ``look`` sees and to the touches of these cards.

    Whoever only wants to know rolls the transaction back. So what was shown can't differ from what is done.

    Raises:
        Exception: What the change raises when it refuses.
    """
    touches = list(Touch.objects.filter(card_token__in=list(tokens)))
    before, owners = look(), _owners(touches)
    change()
    return Effect(before, look(), _moved(touches, owners, _owners(touches)))


def _moved(touches: list[Touch], before: list[str], after: list[str]) -> list[Moved]:
    counted: Counter[tuple[dt.date, str, str]] = Counter()
    for touch, old, new in zip(touches, before, after, strict=True):
        if old != new:
            counted[timezone.localdate(happened(touch)[0]), old, new] += 1
    return sorted(Moved(*key, touches=count) for key, count in counted.items())


def touches_in(window: DutyWindow, day: dt.date, *, open_before: int, open_after: int) -> int:
    """Return how many touches of a local day lie in the window as it is that day: of its people, while it is open.

    Args:
        open_before: Minutes before its start from which an arrival counts.
        open_after: Minutes after its end until which a departure counts.
    """
    row = WindowRecord.objects.as_of(AsOf(begin_of(day))).filter(subject=window, ended=False).first()
    if row is None or day.isoweekday() not in row.weekdays:
        return 0
    opens = begin_of(day) + dt.timedelta(minutes=row.start - open_before)
    closes = begin_of(day) + dt.timedelta(minutes=row.end + open_after)
    people = on_duty(row.people, row.posts, Period(begin_of(day), end_of(day)))
    touched = touch_rows(list(touches_of_day(window.village_id[:TOWNSHIP_DIGITS].ljust(12, "0"), day)))
    counted = [one for one in touched if one.person is not None and one.person.pk in people and one.counts]
    return sum(opens <= one.at < closes for one in counted)


def _owners(touches: list[Touch]) -> list[str]:
    """Return for each touch the name and number of the person for whom it counts, or nothing."""
    whose = {row.touch.pk: row.person for row in touch_rows(touches) if row.counts}
    people = [whose.get(touch.pk) for touch in touches]
    return ["" if person is None else f"{person.name}（{person.number}）" for person in people]
