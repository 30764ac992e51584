"""Who is in a duty window when, by name or by post, and whether somebody would be in two windows at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db.models import F, Q

from server_broker.attendance.models import DutyWindow, WindowRecord
from server_broker.attendance.shifts import Shift, overlapping
from server_broker.dated.writing import Period
from server_broker.people.models import HoldingRecord, HoldingState
from server_broker.people.posts import held_in


class Share(NamedTuple):
    """A person (id) who is in a window for a time."""

    person: int
    period: Period


class Weekly(NamedTuple):
    """On which weekdays and minutes a window is, and its name."""

    name: str
    weekdays: Sequence[int]
    start: int
    end: int


def on_duty(people: Sequence[int], posts: Sequence[int], period: Period) -> set[int]:
    """Return the ids of everybody who is in a window at some time of a period, by name or by post."""
    return {*people, *(row.subject.person_id for row in held_in(posts, period))}


def first_overlap(
    people: Sequence[int], posts: Sequence[int], weekly: Weekly, period: Period, *, but: DutyWindow | None
) -> tuple[int, str] | None:
    """Return a person who would be in two windows at some time of a period, and the other window's name.

    Args:
        people: Ids of those who are named in the one window.
        but: A window that is not compared: the one itself.
    """
    mine = list(_shares(people, held_in(posts, period), period))
    whose = {share.person for share in mine}
    held: dict[int, list[HoldingRecord]] = defaultdict(list)
    rows = HoldingRecord.objects.known().during(period.since, period.until).filter(state=HoldingState.HELD)
    for row in rows.filter(subject__person__in=whose).select_related("subject"):
        held[row.subject.post_id].append(row)
    others = WindowRecord.objects.known().during(period.since, period.until).filter(ended=False)
    others = others.filter(Q(people__overlap=sorted(whose)) | Q(posts__overlap=sorted(held)))
    if but is not None:
        others = others.exclude(subject=but)
    for other in others.order_by(F("valid_from").asc(nulls_first=True)):
        of_posts = [row for post in other.posts for row in held[post]]
        theirs = list(_shares(other.people, of_posts, Period(other.valid_from, other.valid_to)))
        if not _meet(weekly, Weekly(other.name, other.weekdays, other.start, other.end)):
            continue
        for share in mine:
            if any(share.person == one.person and share.period.common(one.period) for one in theirs):
                return share.person, other.name
    return None


def _shares(people: Iterable[int], held: Iterable[HoldingRecord], period: Period) -> Iterator[Share]:
    yield from (Share(person, period) for person in people)
    for row in held:
        common = Period(row.valid_from, row.valid_to).common(period)
        if common is not None:
            yield Share(row.subject.person_id, common)


def _meet(one: Weekly, other: Weekly) -> bool:
    """Tell whether two windows are ever at the same time of a week."""
    shifts = [Shift("", (str(n), ""), *weekly[1:]) for n, weekly in enumerate((one, other))]
    return any(True for _ in overlapping(shifts))
