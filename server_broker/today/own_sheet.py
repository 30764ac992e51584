"""What a person's windows of a month came to, what they add up to, and how far the sheets of the month are."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from server_broker.attendance.times import clock, times
from server_broker.closing.changes import OFF, said_of
from server_broker.closing.content import Signed
from server_broker.closing.models import ClosedMonth
from server_broker.closing.month import months_of
from server_broker.closing.standing import Standing, standings
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.counting import totals
from server_broker.settlement.results import Result
from server_broker.settlement.states import CLOSED, READY, RUNNING, SHOWN
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.own import OwnResult, own_results, words_of
from server_broker.settling.words import RESULT_WORDS, reason_words, totals_words
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
    sign: str
    words: str
    """The sign in words: as it was signed, if its month is closed."""
    why: str
    since: str
    """What it came to after it was signed; empty: the same."""
    has_page: bool
    """Whether there is a page that says why it stands as it does; a window that is on no roster any more has none."""


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A month of one person."""

    month: str
    lines: list[OwnLine]
    """By date and start, without what is off and was off."""
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
    stands = own_results([person.pk], first, last).get(person.pk, ())
    villages = Region.objects.filter(identity__in={village for village, _ in months_of(person.pk, first, last)})
    closed = ClosedMonth.objects.filter(village__in=villages, month=month)
    signed = {int(row.village_id): _signed(row, person.pk) for row in closed}
    turns = {
        (turn.window.village, turn.day, turn.window.start): turn for turn in turns_of([person.pk], Asked(first, last))
    }
    windows = [
        *(_Window(one.village, one.result, one) for one in stands if one.village not in signed),
        *(one for village, results in signed.items() for one in _since(village, results, stands)),
    ]
    words = _Words({one.identity: one.name for one in villages}, turns, person)
    states = standings(list(villages), month, now)
    counted = [one.result for one in windows if one.result is not None and one.result.result != _OFF]
    return OwnSheet(
        month=month,
        lines=sorted((words.line(one) for one in windows if not one.is_off), key=lambda line: (line.day, line.start)),
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
    found = months_of(person.pk, dt.date(year, month + 1, 1), this - _DAY)
    return sorted({first_of_month(one) for _, one in found}, reverse=True)


class _Window(NamedTuple):
    """A window with what it came to on the sheet, and what stands."""

    village: int
    result: Result | None
    """As it was signed, if its month is closed; None: it was on no sheet."""
    stands: OwnResult | None

    @property
    def is_off(self) -> bool:
        """Tell whether it is off, and was."""
        standing = None if self.stands is None else self.stands.result
        return all(one is None or one.result == _OFF for one in (self.result, standing))


def _signed(closed: ClosedMonth, person: int) -> list[Result]:
    """Return what a person's windows of a closed month came to."""
    content = Signed(bytes(closed.content), int(closed.village_id), closed.people)
    return [one.result for one in content.windows() if one.person == person]


def _since(village: int, signed: Iterable[Result], stands: Iterable[OwnResult]) -> Iterator[_Window]:
    """Yield the windows of a closed month with what stands of each, and then those that were on no sheet."""
    left: dict[tuple[dt.date, int], list[OwnResult]] = defaultdict(list)
    for one in stands:
        if one.village == village:
            left[one.day, one.start].append(one)
    for result in signed:
        now = left[result.day, result.start]
        yield _Window(village, result, now.pop(0) if now else None)
    yield from (_Window(village, None, one) for some in left.values() for one in some)


class _Words:
    """Says windows in words."""

    def __init__(self, villages: Mapping[int, str], turns: Mapping[Place, Turn], person: Person) -> None:
        self._villages = villages
        self._turns = turns
        self._person = person

    def line(self, one: _Window) -> OwnLine:
        """Return the line of a window. What was on no sheet was off (docs/rules.md, 8.19)."""
        shown = one.result or one.stands
        assert shown is not None
        turn = self._turns.get((one.village, shown.day, shown.start))
        where = self._villages.get(one.village, "")
        return OwnLine(
            day=shown.day,
            start=shown.start,
            name="" if turn is None else turn.window.name,
            times=clock(shown.start) if turn is None else times(turn.window.start, turn.window.end),
            where="" if where == self._person.village.name else where,
            sign=_OFF if one.result is None else one.result.result,
            words=RESULT_WORDS[_OFF] if one.result is None else words_of(one.result),
            why=_why(one),
            since=_changed(one),
            has_page=one.stands is not None,
        )


def _why(one: _Window) -> str:
    if one.result is None:
        return "定稿的表上没有这个班。"
    same = one.stands is not None and one.stands.result.reason == one.result.reason
    # Nothing is awaited any more of what is signed.
    return one.stands.why if same and one.stands is not None else reason_words(one.result.reason, (), {})


def _changed(one: _Window) -> str:
    """Return in words what stands, if it is not what was signed."""
    was = OFF if one.result is None else said_of(one.result)
    now = OFF if one.stands is None else said_of(one.stands.result)
    if was == now:
        return ""
    return RESULT_WORDS[_OFF] if one.stands is None else one.stands.words


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
