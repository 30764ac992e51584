"""A person's own windows in a time: how many dates a request touches, and which window it is about."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from server_broker.attendance.models import RosterDay, WindowRecord
from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, minute_of, turns_of
from server_broker.duty.values import MINUTES_A_DAY
from server_broker.people.models import HoldingRecord, HoldingState, Person
from server_broker.workdays.days import workdays

_DAY = dt.timedelta(days=1)
_LEAST, _ROSTER = dt.timedelta(microseconds=1), dt.timedelta(days=31)


def length_of(person: Person, begin: dt.datetime, end: dt.datetime) -> int:
    """Return on how many dates ``[begin, end)`` touches a window of the person's.

    Who is on no roster at that time has the working days that it touches.
    """
    first, last = timezone.localdate(begin), timezone.localdate(end - _LEAST)
    if not _is_on_roster(person, begin, end):
        return sum(one.working for one in workdays(first, last).values())
    since, until = minute_of(begin), minute_of(end - _LEAST) + 1
    # A window of the date before may last past midnight.
    turns = turns_of([person.pk], Asked(first - _DAY, last))
    return len({turn.day for turn in turns if turn.due and turn.begin < until and since < turn.end})


def _is_on_roster(person: Person, begin: dt.datetime, end: dt.datetime) -> bool:
    held = HoldingRecord.objects.known().during(begin, end).filter(subject__person=person)
    posts = held.exclude(state=HoldingState.ENDED).values_list("subject__post", flat=True)
    theirs = Q(people__contains=[person.pk]) | Q(posts__overlap=sorted(set(posts)))
    windows = WindowRecord.objects.known().during(begin, end).filter(theirs, ended=False)
    # Who is named for single days only has a roster in the weeks in which they are named.
    days = RosterDay.objects.known().during(begin - _ROSTER, end + _ROSTER).filter(theirs, withdrawn=False)
    return bool(windows.exists() or days.exists())


def turn_of(person: Person, window: int, day: dt.date) -> Turn | None:
    """Return a person's turn in a window on a date if they are due in it."""
    return due_turn(turns_of([person.pk], Asked(day, day)), person.pk, window, day)


def due_turn(turns: Iterable[Turn], person: int, window: int, day: dt.date) -> Turn | None:
    """Return the turn in which a person is due in a window on a date; None: they are not."""
    found = (turn for turn in turns if turn.due and (turn.window.id, turn.day) == (window, day))
    return next((turn for turn in found if turn.person == person), None)


def moment_of(minute: int) -> dt.datetime:
    """Return the moment of a local minute."""
    days, rest = divmod(minute, MINUTES_A_DAY)
    return begin_of(dt.date.fromordinal(days)) + dt.timedelta(minutes=rest)
