"""The whole settlement of some dates, as the county knew them at one moment: sheets, months, slips, meetings."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import cast

from msgspec import Struct

from server_broker.settlement.counting import NOT_FINAL, Totals, totals
from server_broker.settlement.exceptions import Odd, off_place, strange_cards
from server_broker.settlement.index import Index
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.lines import Lines
from server_broker.settlement.meeting import Attended, attended
from server_broker.settlement.requests import Requests
from server_broker.settlement.resident import Resided, resided
from server_broker.settlement.results import Result
from server_broker.settlement.states import CLOSED, OPEN, READY, RUNNING, SHOWN
from server_broker.settlement.times import (
    END_OF_TIME,
    NEVER,
    Moment,
    begin_of,
    first_of_month,
    midnight,
    month_of,
    next_month,
)
from server_broker.settlement.values import World

type _Place = tuple[str, dt.date, int]
_DAY = dt.timedelta(days=1)


class Slip(Struct, frozen=True):
    """What changed after a month was closed (更正单)."""

    was: Result
    now: Result


class Settled(Struct, frozen=True):
    """All that some dates come to."""

    refused: str | None = None
    """Why nothing is settled: overlap."""
    windows: tuple[Result, ...] = ()
    totals: tuple[Totals, ...] = ()
    resident: tuple[Resided, ...] = ()
    meetings: tuple[Attended, ...] = ()
    months: tuple[tuple[str, str], ...] = ()
    """Each month's state."""
    slips: tuple[Slip, ...] = ()
    exceptions: tuple[Odd, ...] = ()


class Sheet:
    """The windows of some dates, as the county knew them at one moment.

    Args:
        index: The world.
        days: The dates.
        at: The moment.
        closed: When months were closed that were closed by then.
    """

    def __init__(self, index: Index, days: Iterable[dt.date], at: Moment, closed: Mapping[str, Moment]) -> None:
        self.knowledge = Knowledge(index, at)
        self.requests = Requests(self.knowledge, closed)
        self.lines = Lines(self.knowledge, self.requests)
        self.days = sorted(set(days))
        self._people = sorted(index.people)

    def results(self) -> list[Result]:
        """Return what each window of the dates comes to, by person, date and start."""
        return [one for person in self._people for day in self.days for one in self.lines.results(person, day)]

    def of_month(self, month: str) -> list[Result]:
        """Return the results of one month."""
        return [one for one in self.results() if month_of(one.day) == month]

    def overlaps(self, days: Iterable[dt.date]) -> bool:
        """Tell whether somebody has overlapping windows on one of some dates."""
        duties = self.knowledge.duties
        return any(duties.overlapping(person, day) for day in days for person in self._people)


def settle(world: World, days: Sequence[dt.date], at: Moment = END_OF_TIME, also: Collection[str] = ()) -> Settled:
    """Settle the windows of ``days``, and the months, meetings and residencies, as they were known at ``at``.

    The months are those of ``days`` and those that the world names; residencies are settled in ``also`` too.
    """
    index = Index(world)
    closings = _closings(index, days, at)
    sheet = Sheet(index, days, at, {month: closed for month, (closed, _) in closings.items()})
    if sheet.overlaps(_looked_at(world, days)):
        return Settled(refused="overlap")
    now = sheet.results()
    signed = {month: {one.place: one for one in old.of_month(month)} for month, (_, old) in closings.items()}
    windows = [one for one in now if month_of(one.day) not in signed]
    windows += [one for results in signed.values() for one in results.values()]
    windows.sort(key=lambda one: one.place)
    return Settled(
        windows=tuple(windows),
        totals=tuple(_totals(windows)),
        resident=tuple(_residents(sheet, sorted({*also, *_month_names(sheet)}))),
        meetings=tuple(_meetings(sheet)),
        months=tuple(_months(sheet, closings)),
        slips=tuple(_slips(signed, now)),
        exceptions=tuple(_exceptions(sheet)),
    )


def _looked_at(world: World, days: Iterable[dt.date]) -> list[dt.date]:
    """Return the dates on which overlapping windows are looked for."""
    named = {day for window in world.windows for day in window.dates}
    near = {day + number * _DAY for day in days for number in (-1, 0, 1)}
    return sorted(named | near | {swap.date for swap in world.swaps})


def _closings(index: Index, days: Sequence[dt.date], at: Moment) -> dict[str, tuple[Moment, Sheet]]:
    """Return when each month was closed, and its sheet as it was signed then. A closing too early is none."""
    found: dict[str, tuple[Moment, Sheet]] = {}
    rows = (row for row in index.world.months if row.closed <= at and row.known <= at)
    for row in sorted(rows, key=lambda row: (row.closed, row.month)):
        # What is asked in the minute of the closing is refused, so the signed sheet does not have it either.
        closed = {month: at for month, (at, _) in found.items()} | {row.month: row.closed}
        sheet = Sheet(index, days, row.closed, closed)
        if state_of(row.month, sheet.of_month(row.month), row.closed, shown=row.shown) in {READY, SHOWN}:
            found[row.month] = (row.closed, sheet)
    return found


def state_of(month: str, results: Iterable[Result], at: Moment, *, shown: Moment) -> str:
    """Return the state at a moment of a month that is not closed, by what its windows come to then."""
    return state_by(month, at, shown=shown, is_final=not any(one.result in NOT_FINAL for one in results))


def state_by(month: str, at: Moment, *, shown: Moment, is_final: bool) -> str:
    """Return the state at a moment of a month that is not closed, by whether all of its windows are final."""
    if at < begin_of(midnight(next_month(first_of_month(month)))):
        return RUNNING
    if not is_final:
        return OPEN
    return SHOWN if shown <= at else READY


def _month_names(sheet: Sheet) -> list[str]:
    rows = (row.month for row in sheet.knowledge.index.world.months if row.known <= sheet.knowledge.at)
    return sorted({*rows, *(month_of(day) for day in sheet.days)})


def _months(sheet: Sheet, closings: Mapping[str, tuple[Moment, Sheet]]) -> list[tuple[str, str]]:
    at = sheet.knowledge.at
    rows = {row.month: row for row in sheet.knowledge.index.world.months if row.known <= at}
    names = _month_names(sheet)
    shown = {name: rows[name].shown if name in rows else NEVER for name in names}
    return [
        (name, CLOSED if name in closings else state_of(name, sheet.of_month(name), at, shown=shown[name]))
        for name in names
    ]


def _totals(windows: Iterable[Result]) -> list[Totals]:
    of_person: dict[str, list[Result]] = {}
    for one in windows:
        if one.result != "休":
            of_person.setdefault(one.person, []).append(one)
    return [totals(person, results) for person, results in sorted(of_person.items())]


def _residents(sheet: Sheet, months: Sequence[str]) -> list[Resided]:
    rows = (one for one in sheet.knowledge.index.world.residencies if one.known <= sheet.knowledge.at)
    known = {(one.person, one.village) for one in rows}
    return [
        resided(person, village, month, sheet.knowledge, sheet.lines)
        for person, village in sorted(known)
        for month in months
    ]


def _meetings(sheet: Sheet) -> list[Attended]:
    known = (one for one in sheet.knowledge.index.world.meetings if one.known <= sheet.knowledge.at)
    return [attended(one, sheet.knowledge, sheet.requests) for one in sorted(known, key=lambda one: one.id)]


def _slips(signed: Mapping[str, Mapping[_Place, Result]], now: Iterable[Result]) -> list[Slip]:
    """Return what changed after the closing. A window that a sheet has not is off there."""
    current = {one.place: one for one in now if month_of(one.day) in signed}
    old = {place: one for results in signed.values() for place, one in results.items()}
    pairs = [(old.get(place), current.get(place)) for place in sorted({*old, *current})]
    return [Slip(_or_off(was, here), _or_off(here, was)) for was, here in pairs if _says(was) != _says(here)]


def _says(one: Result | None) -> tuple[object, ...]:
    return () if one is None or one.result == "休" else one.says()


def _or_off(one: Result | None, other: Result | None) -> Result:
    """Return a result; of a window that is not there, that of the other sheet as 休."""
    if one is not None:
        return one
    there = cast(Result, other)
    return Result(
        person=there.person,
        day=there.day,
        start=there.start,
        share=Fraction(0),
        result="休",
        line="1",
        reason="没有这个班。",
    )


def _exceptions(sheet: Sheet) -> list[Odd]:
    schedule = sheet.lines.schedule
    placed = [
        one
        for person in sorted(sheet.knowledge.index.people)
        for day in sheet.days
        for one in schedule.placed(person, day)
    ]
    return sorted([*strange_cards(sheet.knowledge), *off_place(placed, sheet.knowledge)])
