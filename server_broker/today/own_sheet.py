"""What a person's windows of a month came to, what they add up to, and how far the sheets of the month are."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models.functions import TruncMonth
from django.utils import timezone

from server_broker.attendance.times import clock, times
from server_broker.closing.changes import said_of
from server_broker.closing.content import Signed
from server_broker.closing.models import ClosedMonth
from server_broker.closing.standing import CLOSED, READY, RUNNING, SHOWN, Standing, standings
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.counting import totals
from server_broker.settlement.results import Result
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.models import SettledWindow
from server_broker.settling.own import OwnResult, own_results, words_of
from server_broker.settling.words import totals_words
from server_broker.today.words import day_words

MONTHS_BACK = 12
_DAY = dt.timedelta(days=1)
_OFF = "休"

type Place = tuple[int, dt.date, int]
"""A window of a person: the village's identity, the date, and the start."""


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One window with what it came to."""

    day: dt.date
    start: int
    name: str
    times: str
    where: str
    """The village if it is not the person's own."""
    own: OwnResult
    words: str
    """As it was signed, if its month is closed."""
    since: str
    """What it came to after it was signed; empty: the same."""


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A month of one person."""

    month: str
    lines: list[OwnLine]
    """By date and start, without what is off."""
    totals: list[str]
    states: list[str]
    """How far the month is, a sentence for each village on whose roster the person is."""
    shown_until: dt.date | None
    """The last date on which objections are taken, where a sheet is shown."""

    @property
    def first(self) -> dt.date:
        """The first date of the month."""
        return first_of_month(self.month)


def own_sheet(person: Person, month: str, now: dt.datetime) -> OwnSheet:
    """Return a month of a person until today, by a number of queries that does not grow with the windows."""
    first = first_of_month(month)
    last = min(next_month(first) - _DAY, timezone.localdate(now))
    results = [one for one in own_results([person.pk], first, last).get(person.pk, ()) if one.result.result != _OFF]
    villages = Region.objects.filter(identity__in={one.village for one in results})
    names = {one.identity: one.name for one in villages}
    signed = _signed(person.pk, month, names)
    turns = {
        (turn.window.village, turn.day, turn.window.start): turn for turn in turns_of([person.pk], Asked(first, last))
    }
    lines = [_line(one, turns, names, signed, person) for one in results]
    states = standings(list(villages), month, now)
    counted = [signed.get(_place(one), one.result) for one in results]
    return OwnSheet(
        month=month,
        lines=lines,
        totals=totals_words(totals(str(person.pk), counted)) if counted else [],
        states=[_state(one, several=len(states) > 1) for one in states],
        shown_until=min(
            (one.objections_until for one in states if one.state == SHOWN and one.objections_until is not None),
            default=None,
        ),
    )


def own_months(person: Person, now: dt.datetime) -> list[dt.date]:
    """Return the first dates of the months before this one of which something was settled, the latest first."""
    this = timezone.localdate(now).replace(day=1)
    year, month = divmod(this.year * 12 + this.month - 1 - MONTHS_BACK, 12)
    rows = SettledWindow.objects.current().filter(person=person, day__lt=this, day__gte=dt.date(year, month + 1, 1))
    return sorted(rows.annotate(month=TruncMonth("day")).values_list("month", flat=True).distinct(), reverse=True)


def _place(one: OwnResult) -> Place:
    return one.village, one.day, one.start


def _signed(person: int, month: str, villages: Collection[int]) -> dict[Place, Result]:
    """Return what of a person's windows was signed, where the month is closed."""
    rows = ClosedMonth.objects.filter(village__identity__in=villages, month=month)
    return {
        (one.village, one.result.day, one.result.start): one.result
        for row in rows
        for one in Signed(bytes(row.content), int(row.village_id), row.people).windows()
        if one.person == person
    }


def _line(
    one: OwnResult,
    turns: Mapping[Place, Turn],
    villages: Mapping[int, str],
    signed: Mapping[Place, Result],
    person: Person,
) -> OwnLine:
    turn, was = turns.get(_place(one)), signed.get(_place(one))
    where = villages.get(one.village, "")
    changed = was is not None and said_of(was) != said_of(one.result)
    return OwnLine(
        day=one.day,
        start=one.start,
        name="" if turn is None else turn.window.name,
        times=clock(one.start) if turn is None else times(turn.window.start, turn.window.end),
        where="" if where == person.village.name else where,
        own=one,
        words=one.words if was is None else words_of(was),
        since=one.words if changed else "",
    )


def _state(one: Standing, *, several: bool) -> str:
    whose = f"{one.name}：" if several else ""
    if one.state == SHOWN and one.objections_until is not None:
        return f"{whose}正在公示，到 {day_words(one.objections_until)} 为止。哪个班不对，点开它提出来。"
    if one.state == CLOSED and one.closed_at is not None:
        return f"{whose}{day_words(timezone.localdate(one.closed_at))} 定稿了。以后再有变化，写在更正单上。"
    return whose + {
        RUNNING: "这个月还没有结束，结果还会变。",
        READY: "都有结果了，等公示。",
    }.get(one.state, "村里还有班没有结果，齐了才公示。")
