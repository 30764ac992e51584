"""A person's own windows in a time: how many dates a request touches, and which window it is about."""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, absences_of, minute_of, turns_of
from server_broker.duty.rest import rest_of
from server_broker.duty.values import MINUTES_A_DAY, minute_at
from server_broker.people.models import Person
from server_broker.workdays.days import workdays

_DAY = dt.timedelta(days=1)
_LEAST, _LONGER_THAN_A_MONTH = dt.timedelta(microseconds=1), dt.timedelta(days=32)


type Span = tuple[dt.datetime, dt.datetime]
"""From a moment to another, without it."""


def length_of(person: Person, *spans: Span) -> int:
    """Return on how many dates these times touch a window of the person's.

    Of a calendar month in which the person has no window it is the working days that they touch: nobody may have
    planned it yet. Who is on no roster has no window in any month.
    """
    first = min(timezone.localdate(begin) for begin, _ in spans)
    last = max(last_date(end) for _, end in spans)
    # A window of the date before may last past midnight.
    asked = Asked(first.replace(day=1) - _DAY, _last_of_month(last))
    turns = [turn for turn in turns_of([person.pk], asked) if turn.due]
    planned = {_month(turn.day) for turn in turns}
    working = {day for day, one in workdays(first, last).items() if one.working and _month(day) not in planned}
    found: set[dt.date] = set()
    for begin, end in spans:
        since, until = minute_of(begin), minute_of(end - _LEAST) + 1
        found |= {turn.day for turn in turns if turn.begin < until and since < turn.end}
        found |= {day for day in working if timezone.localdate(begin) <= day <= last_date(end)}
    return len(found)


def last_date(end: dt.datetime) -> dt.date:
    """Return the last date of a time that ends at ``end``."""
    return timezone.localdate(end - _LEAST)


def _month(day: dt.date) -> tuple[int, int]:
    return day.year, day.month


def _last_of_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + _LONGER_THAN_A_MONTH).replace(day=1) - _DAY


def turn_of(person: Person, window: int, day: dt.date) -> Turn | None:
    """Return a person's turn in a window on a date if they are due in it."""
    return due_turn(turns_of([person.pk], Asked(day, day)), person.pk, window, day)


def due_turn(turns: Iterable[Turn], person: int, window: int, day: dt.date) -> Turn | None:
    """Return the turn in which a person is due in a window on a date; None: they are not."""
    found = (turn for turn in turns if turn.due and (turn.window.id, turn.day) == (window, day))
    return next((turn for turn in found if turn.person == person), None)


def is_away_in(turn: Turn, person: int) -> bool:
    """Tell whether a person is away at some time of a turn, on leave, field duty or at a meeting elsewhere."""
    absences = absences_of([person], Asked(turn.day, turn.day)).get(person, ())
    return bool(rest_of(turn, absences).why)


def whole_end(turn: Turn) -> dt.datetime:
    """Return the end of a turn's whole window, whatever notices take of it."""
    return moment_of(minute_at(turn.day, turn.window.end))


def moment_of(minute: int) -> dt.datetime:
    """Return the moment of a local minute."""
    days, rest = divmod(minute, MINUTES_A_DAY)
    return begin_of(dt.date.fromordinal(days)) + dt.timedelta(minutes=rest)
