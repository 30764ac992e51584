"""A person's own days: windows and why, touches, leave; the month until today, and the turns of the next two weeks.

The person reads it on the telephone, and an officer on the person's page. It says what is due, what was touched, and
what settling made of the two.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from server_broker.attendance.times import times
from server_broker.attendance.touches import TouchRow
from server_broker.dated.days import begin_of, end_of
from server_broker.duty.due import Turn
from server_broker.duty.naming import Names, names_in
from server_broker.duty.reading import Absent, Asked, absences_of, turns_of
from server_broker.duty.reasons import DayOff
from server_broker.duty.values import MINUTES_A_DAY, minute_at
from server_broker.meetings.models import MeetingRecord
from server_broker.months.own_touches import own_touches, state_of
from server_broker.people.models import Person
from server_broker.settling.own import OwnResult, own_results
from server_broker.today.words import excuse_words, minute_words

AHEAD = dt.timedelta(days=14)
_DIRECTIONS = {"in": "上班", "out": "下班", "": "打卡"}
_REVIEWS = {"lost_card": "这张卡已挂失，待审", "undated": "站点当时不知道准确时间，待审"}
_LATE = dt.timedelta(hours=1)
"""A touch that the county got later than this was brought later, and the page says so."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OneTouch:
    """A touch in words. ``review`` says why a person must still look at it; it is empty if nobody must."""

    at: dt.datetime
    what: str
    where: str
    received_at: dt.datetime
    came_late: bool
    review: str


@dataclass(frozen=True, slots=True)
class OneTurn:
    """A window of a date in words. ``why``: one sentence. ``rest``: the times that notices leave, if they take any."""

    name: str
    times: str
    where: str
    """The village if it is not the person's own."""
    due: bool
    why: str
    leads: bool
    rest: str
    provisional: bool
    village: str
    """Code of the village on whose roster it is."""
    start: int
    """Minutes after midnight."""
    result: OwnResult | None = None
    """What it came to; None: it was not settled yet."""


@dataclass(frozen=True, slots=True)
class OneDay:
    """A day with its turns, touches (the latest first), leave and the like, and what was asked for about it."""

    day: dt.date
    turns: list[OneTurn] = field(default_factory=list)
    touches: list[OneTouch] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    meetings: list[str] = field(default_factory=list)
    """Those at which the person is expected: when, what and where."""
    asked: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to say of it."""
        return not (self.turns or self.touches or self.away or self.meetings or self.asked)


@dataclass(frozen=True, slots=True)
class OwnMonth:
    """The days of a person: today, those of the month before it (the latest first), and those ahead."""

    first: dt.date
    today: OneDay
    earlier: list[OneDay]
    ahead: list[OneDay]

    @property
    def days(self) -> list[OneDay]:
        """The days of the month until today, the latest first."""
        return [self.today, *self.earlier]

    @property
    def count(self) -> int:
        """How many touches the month has."""
        return sum(len(day.touches) for day in self.days)


def own_month(person: Person, now: dt.datetime) -> OwnMonth:
    """Return the present month of a person by the county's calendar, and the 14 days after today."""
    this_day = timezone.localtime(now).date()
    first = this_day.replace(day=1)
    days = {first + n * _DAY: OneDay(first + n * _DAY) for n in range((this_day - first + AHEAD).days + 1)}
    for row in own_touches([person], begin_of(first)).get(person.pk, ()):
        day = days.get(timezone.localtime(row.at).date())
        if day is not None:
            day.touches.append(_touch(row))
    asked = Asked(first, this_day + AHEAD)
    turns = [turn for turn in turns_of([person.pk], asked) if turn.due or not isinstance(turn.why[0], DayOff)]
    names = names_in(turns)
    settled = own_results([person.pk], first, this_day).get(person.pk, ())
    results = {(one.village, one.day, one.start): one for one in settled}
    for turn in sorted(turns, key=lambda one: one.window.start):
        result = results.get((turn.window.village, turn.day, turn.window.start))
        days[turn.day].turns.append(_turn(turn, person, names, result))
    for absent in absences_of([person.pk], asked).get(person.pk, ()):
        for day in days.values():
            said = _away(absent, day.day)
            day.away.extend([said] if said else [])
    for meeting in _meetings(person, asked):
        begin = timezone.localtime(meeting.begin)
        said = f"{begin:%H:%M}–{timezone.localtime(meeting.end):%H:%M} {meeting.title}，{meeting.place}"
        days[begin.date()].meetings.append(said)
    listed = sorted(days.values(), key=lambda one: one.day)
    return OwnMonth(
        first,
        days[this_day],
        [one for one in reversed(listed) if one.day < this_day],
        [one for one in listed if one.day > this_day],
    )


def _meetings(person: Person, asked: Asked) -> Iterable[MeetingRecord]:
    """Return the meetings of these dates at which a person is expected, by time."""
    known = MeetingRecord.objects.known().filter(expected__contains=[person.pk], cancelled=False)
    return known.filter(begin__gte=begin_of(asked.first), begin__lt=end_of(asked.last)).order_by("begin", "pk")


def _touch(row: TouchRow) -> OneTouch:
    touch = row.touch
    return OneTouch(
        at=row.at,
        what=_DIRECTIONS.get(row.direction, "打卡"),
        where=touch.station.village.name,
        received_at=touch.reached_at,
        came_late=row.dated and touch.reached_at - row.at > _LATE,
        review=_REVIEWS.get(state_of(row), ""),
    )


def _turn(turn: Turn, person: Person, names: Names, result: OwnResult | None) -> OneTurn:
    window, midnight = turn.window, minute_at(turn.day, 0)
    where = names.villages.get(window.village, "")
    whole = (midnight + window.start, midnight + window.end)
    return OneTurn(
        name=window.name,
        times=times(window.start, window.end),
        where="" if where == person.village.name else where,
        due=turn.due,
        why=names.why(turn),
        leads=turn.leads,
        rest="" if (turn.begin, turn.end) == whole else times(turn.begin - midnight, turn.end - midnight),
        provisional=turn.provisional,
        village=names.codes.get(window.village, ""),
        start=window.start,
        result=result if turn.due else None,
    )


def _away(absent: Absent, day: dt.date) -> str:
    """Return what takes somebody away on a date and when; empty if nothing does."""
    begin, end = minute_at(day, 0), minute_at(day, MINUTES_A_DAY)
    if absent.end <= begin or end <= absent.begin:
        return ""
    if absent.begin <= begin and end <= absent.end:
        return f"{excuse_words(absent)} 全天"
    parts = (max(absent.begin, begin), min(absent.end, end))
    return f"{excuse_words(absent)} {'–'.join(minute_words(one, day) for one in parts)}"
