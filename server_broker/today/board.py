"""A village's public board: who is on duty today and until when, no more than the county has decided to show.

Nothing of it says why somebody is not there. Who is on leave is not on duty, and so is not on it.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from server_broker.duty.reading import minute_of
from server_broker.feedback.contacts import contact_of
from server_broker.people.models import Person
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.today.reading import today
from server_broker.today.values import Line, State
from server_broker.today.words import minute_words

_PRESENCE: dict[State, str] = {
    "here": "● 在岗",
    "left": "已下班",
    "not_yet": "还没到",
    "missing": "还没到",
    "unknown": "不清楚",
}
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BoardLine:
    """Somebody who is on duty now or later today. ``presence`` is empty unless the county shows it."""

    name: str
    leads: bool
    begin: str
    until: str
    runs: bool
    presence: str


@dataclass(frozen=True, slots=True)
class Board:
    """What anybody may read of a village. ``phone`` is whom to call, if the township has named somebody."""

    village: str
    at: dt.datetime
    now: list[BoardLine]
    later: list[BoardLine]
    phone: str
    whose: str


def village_of(code: str) -> Region | None:
    """Return a village that stands, by its code; None: there is none, or it is a township or a county."""
    village = Region.objects.filter(pk=code, ended=False).first()
    wide = village is None or len(subtree_prefix(village.code)) in (COUNTY_DIGITS, TOWNSHIP_DIGITS)
    return None if wide else village


def board_of(village: Region, now: dt.datetime, *, presence: bool) -> Board:
    """Return the board of a village: who is on duty now, also since yesterday, and who will be later today."""
    this_day, minute = timezone.localtime(now).date(), minute_of(now)
    found = [line for day in (this_day - _DAY, this_day) for one in today([village], day, now) for line in one.lines]
    lines = [line for line in found if line.state not in ("off", "excused") and line.end > minute]
    people = Person.objects.filter(pk__in={line.turn.person for line in lines})
    names = dict(people.values_list("pk", "name"))
    shown = [
        _line(line, names[line.turn.person], minute, this_day, presence=presence)
        for line in sorted(lines, key=lambda line: (line.begin, not line.turn.leads, line.turn.person))
    ]
    contact = contact_of(village.code)
    return Board(
        village.name,
        now,
        [line for line in shown if line.runs],
        [line for line in shown if not line.runs],
        contact.phone if contact is not None else "",
        contact.name if contact is not None else "",
    )


def _line(line: Line, name: str, minute: int, day: dt.date, *, presence: bool) -> BoardLine:
    return BoardLine(
        name=name,
        leads=line.turn.leads,
        begin=minute_words(line.begin, day),
        until=minute_words(line.end, day),
        runs=line.begin <= minute,
        presence=_PRESENCE.get(line.state, "") if presence else "",
    )
