"""Who is in a duty window when, by name or by post, and whether somebody would be in two windows at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db.models import F, Q

from server_broker.attendance.models import DaysKind, DutyWindow, WindowRecord
from server_broker.attendance.seasons import ALL_YEAR, Season, dates_of, day_after
from server_broker.attendance.shifts import possible_days
from server_broker.dated.writing import Period
from server_broker.people.models import HoldingRecord, HoldingState
from server_broker.people.posts import held_in
from server_broker.sheets.cells import MINUTES_A_DAY


class Share(NamedTuple):
    """A person (id) who is in a window for a time."""

    person: int
    period: Period


class Weekly(NamedTuple):
    """On which weekdays and minutes a window is, in which season, and its name."""

    name: str
    weekdays: Sequence[int]
    start: int
    end: int
    season: Season = ALL_YEAR


def on_duty(people: Sequence[int], posts: Sequence[int], period: Period) -> set[int]:
    """Return the ids of everybody who is in a window at some time of a period, by name or by post."""
    return {*people, *(row.subject.person_id for row in held_in(posts, period))}


def first_overlap(
    people: Sequence[int], posts: Sequence[int], weekly: Weekly, period: Period, *, but: DutyWindow | None
) -> tuple[int, str] | None:
    """Return a person who would be in two windows at some time of a period, and the other window's name.

    Only weekly windows are compared: which named days meet is a question of dates (`server_broker.duty.overlaps`).

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
    others = WindowRecord.objects.known().during(period.since, period.until).filter(ended=False, days=DaysKind.WEEKLY)
    others = others.filter(Q(people__overlap=sorted(whose)) | Q(posts__overlap=sorted(held)))
    if but is not None:
        others = others.exclude(subject=but)
    for other in others.order_by(F("valid_from").asc(nulls_first=True)):
        of_posts = [row for post in other.posts for row in held[post]]
        theirs = list(_shares(other.people, of_posts, Period(other.valid_from, other.valid_to)))
        season = (other.season_from, other.season_to)
        if not meet(weekly, Weekly(other.name, other.weekdays, other.start, other.end, season)):
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


def meet(one: Weekly, other: Weekly) -> bool:
    """Tell whether two weekly windows are ever at the same time, on one date or on two that follow one another."""
    return _meets_next(one, other, 0) or _meets_next(one, other, 1) or _meets_next(other, one, 1)


def _meets_next(one: Weekly, other: Weekly, days: int) -> bool:
    """Tell whether ``other`` meets ``one`` when it is ``days`` (0 or 1) dates later."""
    later = days * MINUTES_A_DAY
    if other.start + later >= one.end or one.start >= other.end + later:
        return False
    theirs = possible_days(other.weekdays)
    if not any((day - 1 + days) % 7 + 1 in theirs for day in possible_days(one.weekdays)):
        return False
    dates = dates_of(one.season)
    return not dates_of(other.season).isdisjoint(map(day_after, dates) if days else dates)
