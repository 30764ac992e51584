"""Whether somebody would be in two windows at once on a date with named days or swaps.

Weekly windows are compared week by week (`server_broker.attendance.shares`). On a single date it depends on the
calendar who is due, so it is reckoned, before a change and after it: what a change of the calendar has brought about
already is not to be blamed on who changes something else.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db.models import Max, Min
from django.utils import timezone

from server_broker.attendance.models import DutyWindow, RosterDay, SwapRecord
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.dated.days import begin_of
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, named_for, swaps_of, these, turns_of
from server_broker.duty.reasons import Overlaps
from server_broker.people.models import Person
from server_broker.people.posts import held_in

_DAY = dt.timedelta(days=1)


class WindowRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


class Overlap(NamedTuple):
    """A window of somebody that is off on a date, because another stands at that time."""

    person: int
    day: dt.date
    window: int
    other: int


def lock_people(people: Collection[int]) -> None:
    """Have nobody else change where these people are due, until this transaction ends.

    Whoever writes windows, named days or swaps of people calls it before it asks for overlaps, and after it has locked
    villages: two villages, or two swaps, would else not see what the other brings. Locked in the order of ids, so that
    two who lock many wait for one another and not in a circle.
    """
    among_writers()
    rows = Person.objects.select_for_update(no_key=True).filter(pk=these(people)).order_by("pk")
    list(rows.values_list("pk"))


def dated_overlaps(people: Collection[int], since: dt.date, until: dt.date | None = None) -> set[Overlap]:
    """Return the overlaps of these people on dates that have named days or swaps of theirs.

    Args:
        since: The first date that is looked at.
        until: The last one; None: as far as days are named.
    """
    dates = _dates(people, since, until)
    if dates is None:
        return set()
    return overlaps_between(people, *dates)


def named_since(since: dt.date) -> set[int]:
    """Return everybody who is named for a date from a day on, by name or by a post, or takes a window over then."""
    days = RosterDay.objects.known().filter(valid_from__gte=begin_of(since), withdrawn=False)
    found: set[int] = set()
    posts: set[int] = set()
    for people, of_day in days.values_list("people", "posts"):
        found.update(people)
        posts.update(of_day)
    swaps = SwapRecord.objects.known().filter(subject__day__gte=since, withdrawn=False)
    found.update(swaps.values_list("subject__taker", flat=True))
    return found | {held.subject.person_id for held in held_in(posts, Period(begin_of(since)))}


def overlaps_between(people: Collection[int], first: dt.date, last: dt.date) -> set[Overlap]:
    """Return the overlaps of these people on all dates from ``first`` to ``last``."""
    return overlaps_in(turns_of(people, Asked(first, last)))


def overlaps_in(turns: Sequence[Turn]) -> set[Overlap]:
    """Return the overlaps among the turns of some people."""
    found = set()
    for turn in turns:
        found |= {
            Overlap(turn.person, turn.day, turn.window.id, reason.window)
            for reason in turn.why
            if isinstance(reason, Overlaps)
        }
    return found


def _dates(people: Collection[int], since: dt.date, until: dt.date | None) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last date on which something is named or swapped, with the dates beside."""
    far = Asked(since, until or dt.date(9999, 1, 1))
    days = named_for(people, far).aggregate(first=Min("valid_from"), last=Max("valid_from"))
    swaps = swaps_of(people, far).aggregate(first=Min("subject__day"), last=Max("subject__day"))
    dates = [*(timezone.localdate(at) for at in days.values() if at), *(day for day in swaps.values() if day)]
    return (max(since, min(dates) - _DAY), max(dates) + _DAY) if dates else None


def refuse_more(before: set[Overlap], people: Collection[int], since: dt.date, until: dt.date | None = None) -> None:
    """Check that a change has brought no overlap; the arguments are those of `dated_overlaps`, which said ``before``.

    Raises:
        WindowRefused: It has. The caller's transaction is rolled back.
    """
    more = sorted(dated_overlaps(people, since, until) - before)
    if more:
        raise WindowRefused(next(iter(overlap_words(more[:1]).values())))


def overlap_words(overlaps: Sequence[Overlap], *, prefix: str = "") -> dict[Overlap, str]:
    """Return each overlap as a sentence that says who is in which two windows and when.

    Args:
        prefix: What codes of villages begin with whose windows and people may be named.
    """
    ids = {pk for one in overlaps for pk in (one.window, one.other)}
    seen = DutyWindow.ever.filter(pk__in=ids, village__code__startswith=prefix)
    names = {pk: f"“{name}”" for pk, name in seen.values_list("pk", "name")}
    known = Person.objects.filter(pk__in={one.person for one in overlaps}, village__code__startswith=prefix)
    people = dict(known.values_list("pk", "name"))

    def named(window: int) -> str:
        return names.get(window, "别处的值班")

    return {
        one: f"{people.get(one.person, ELSEWHERE)} 在 {one.day} 的值班{named(one.window)}与{named(one.other)}时间重叠"
        for one in overlaps
    }
