"""A village's month as a grid: people by dates, with a sign for each window, and what it adds up to."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.attendance.times import clock
from server_broker.closing.changes import said_of
from server_broker.closing.month import PersonMonth, VillageMonth
from server_broker.console.sheet_words import TONES, minute_of, said_words
from server_broker.settlement.counting import Totals
from server_broker.settlement.times import FIRST_MINUTE, Minute
from server_broker.settling.own import places_of
from server_broker.settling.windows import Settled
from server_broker.settling.words import SOMEWHERE, board_station, days_words, totals_words
from server_broker.timesheets.words import OPEN
from server_broker.workdays.days import Workday, workdays

TOTALS = ("应到", "实到", "迟到", "早退", "缺卡", "旷工", "请假")
"""The heads as on paper: 迟到, 早退 and 缺卡 in times, the others in days. Beside them 未定 while something is open."""

type Linked = Callable[[int, dt.date, int], str]


@dataclass(frozen=True, slots=True)
class SheetDay:
    """A column."""

    day: dt.date
    working: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """One window in a cell."""

    sign: str
    tone: str
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One person."""

    person: int | None
    """None: the viewer does not see them."""
    number: str
    name: str
    cells: list[tuple[SheetDay, list[Mark]]]
    totals: list[tuple[str, str]]
    """Head and figure of each column."""
    notes: list[str]
    """What adds up beside the days: times, minutes, leave by kind."""


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """A village's month."""

    days: list[SheetDay]
    rows: list[SheetRow]
    totals: list[tuple[str, str]]
    """Head and figure of each column."""

    @property
    def width(self) -> int:
        """How many columns there are beside the names."""
        return len(self.days) + len(self.totals)

    @property
    def offset(self) -> int:
        """The weekday of the first date, from 1: where a month by weeks begins."""
        return self.days[0].day.isoweekday()


def grid_of(month: VillageMonth, seen: Collection[int]) -> SheetGrid:
    """Return a month as its page shows it.

    Args:
        seen: The people whom the viewer sees; of others no name is told.
    """
    today = timezone.localdate()
    said = workdays(month.first, month.last)
    days = [SheetDay(day, _works(said.get(day)), day == today) for day in month.days]
    link = _link(month.code)
    has_open = not month.totals.final
    rows = [_row(person, days, link, is_seen=person.person in seen, has_open=has_open) for person in month.people]
    return SheetGrid(days, rows, _totals(month.totals, has_open=has_open))


def _works(said: Workday | None) -> bool:
    return said is None or said.working


def _link(code: str) -> Linked:
    """Return what gives the address of the page that says why a window came to something."""
    # Reversed once, because a month has a thousand windows.
    head, _, _ = reverse("settled-window", args=[code, 0, "2000-01-01", 0]).partition("0/2000-01-01/0/")
    return lambda person, day, start: f"{head}{person}/{day}/{start}/"


def _row(person: PersonMonth, days: Collection[SheetDay], link: Linked, *, is_seen: bool, has_open: bool) -> SheetRow:
    of_day: dict[dt.date, list[Mark]] = defaultdict(list)
    for one in person.windows:
        of_day[one.result.day].append(_mark(one, link))
    cells = [(day, of_day[day.day]) for day in days]
    return SheetRow(
        person=person.person if is_seen else None,
        number=person.number if is_seen else "",
        name=person.name if is_seen else ELSEWHERE,
        cells=cells,
        totals=_totals(person.totals, has_open=has_open),
        notes=totals_words(person.totals)[1:],
    )


def _mark(one: Settled, link: Linked) -> Mark:
    result = one.result
    beside = "".join(word for word in result.beside if word != result.result)
    sign = (result.result or "·") + beside
    said = f"{result.day.month}月{result.day.day}日 {clock(result.start)} {said_words(said_of(result))}"
    said += "".join(f"，{flag}" for flag in result.flags)
    tone = TONES[result.result] + (" two" if len(sign) > 1 else "")
    return Mark(sign, tone, said, link(one.person, result.day, result.start))


def _totals(totals: Totals, *, has_open: bool) -> list[tuple[str, str]]:
    times = [totals.late_times, totals.early_times, totals.missing_times]
    before, after = (totals.due, totals.present), (totals.of("旷"), totals.of("假"))
    figures = zip(TOTALS, [*map(days_words, before), *map(str, times), *map(days_words, after)], strict=True)
    return [*figures, (OPEN.title, days_words(totals.open))] if has_open else [*figures]


@dataclass(frozen=True, slots=True)
class AwaitedLine:
    """A station for which windows wait, and since when."""

    place: str
    since: dt.datetime | None
    """None: it has told of no minute yet."""
    windows: int
    is_fact: bool
    """A fact that a person must look at; else it is the station's record."""


def awaited_lines(month: VillageMonth) -> list[AwaitedLine]:
    """Return for what the open windows wait, the longest first, in one query."""
    found: dict[tuple[str, bool], list[Minute]] = defaultdict(list)
    for one in month.open:
        seen = set()
        for awaited in one.awaited:
            key = (awaited.station, awaited.fact is not None)
            if key not in seen:
                seen.add(key)
                found[key].append(FIRST_MINUTE if awaited.since is None else awaited.since)
    places = places_of({board_station(board) for board, _ in found})
    return [
        AwaitedLine(
            places.get(board_station(board), SOMEWHERE),
            None if min(since) == FIRST_MINUTE else minute_of(min(since)),
            len(since),
            is_fact,
        )
        for (board, is_fact), since in sorted(found.items(), key=lambda one: min(one[1]))
    ]
