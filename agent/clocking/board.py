"""The duty board: who is in which window today, who leads, who is away, and what each has touched."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from agent.clocking import duty
from agent.clocking.duty_dates import DateWindow, DutyDate, DutyDates
from agent.twin import Twin
from protocol.kiosk_duty import DutyRow, WindowState
from protocol.units import MAX_SHORT_TEXT

SHORTEST_APART = 2
"""Digits shown of a number that tells namesakes apart."""


class ShownTouch(NamedTuple):
    """The touch that the board shows as the arrival or departure of a window."""

    minute: int
    """After midnight of the window's date."""
    by_time: bool
    """It was stored without a direction, so its time alone made it an arrival or a departure."""


type Marks = Callable[[str, duty.DutySpan], tuple[ShownTouch | None, ShownTouch | None]]
"""Finds a person's arrival and departure in a span."""


class Board:
    """Makes the rows. It goes by the same dates as everything else at the station."""

    def __init__(self, dates: DutyDates, twin: Twin, marks: Marks) -> None:
        self._dates = dates
        self._twin = twin
        self._marks = marks

    def rows(self, wall_ms: int) -> Iterator[tuple[str, DutyRow]]:
        """Yield a row for each person and window of a moment's date, with the person's id.

        A night's window of yesterday is there while touches count for it.
        """
        day, minute = duty.local_day(wall_ms), duty.local_minute(wall_ms)
        around, settings = self._dates.around(day), self._dates.settings
        known = {one.id: one.name for one in self._twin.desired.people}
        said = {person: name for one in around for person, (name, _) in one.names.items()}
        # Somebody of whom only a number is known is not shown.
        names = known | {person: name for person, name in said.items() if person not in known}
        due = {person for one in around for window in one.windows for person in window.people}
        apart = _told_apart(names)
        for person in (one for one in names if one in due):
            for span in duty.spans_in(around, settings, person):
                if span.is_shown(day, minute):
                    yield person, self._row(person, names, apart[person], span, minute)
            for window in away_all_day(around, person):
                if window.day == day or (window.day < day and minute < window.end):
                    yield person, self._absent(names[person], apart[person], window, person, minute)

    def _row(self, person: str, names: dict[str, str], apart: str, span: duty.DutySpan, minute: int) -> DutyRow:
        arrived, departed = self._marks(person, span)
        giver = next((window.instead_of[person] for window in span.windows if person in window.instead_of), None)
        return DutyRow(
            name=names[person],
            window=span.name,
            start=span.start_minute,
            end=span.end_minute,
            arrived=arrived.minute if arrived else None,
            left=departed.minute if departed and span.departs else None,
            apart=apart,
            state=_state(span.start, span.end, minute),
            closed=minute >= span.closes,
            arrivals_over=minute >= span.middle,
            arrived_by_time=arrived is not None and arrived.by_time,
            left_by_time=departed is not None and departed.by_time,
            leads=any(person in window.leaders for window in span.windows),
            away=_away_now(span, person, minute),
            instead_of=names.get(giver, "") if giver else "",
            departs=span.departs,
        )

    def _absent(self, name: str, apart: str, window: DateWindow, person: str, minute: int) -> DutyRow:
        return DutyRow(
            name=name,
            window=window.name[:MAX_SHORT_TEXT],
            start=window.start_minute,
            end=window.end_minute,
            arrived=None,
            left=None,
            apart=apart,
            state=_state(window.start, window.end, minute),
            leads=person in window.leaders,
            away=window.away[person].why,
            departs=window.marks != "arrival",
        )


def shown_to_all(rows: Iterable[DutyRow], shows: str) -> list[DutyRow]:
    """Return what everybody may see of the board, as the county has decided (`protocol.twin.Desired.duty_board`).

    Who is away is simply not on a board that the county has made public, and no word says why.
    """
    if not shows:
        return list(rows)
    if shows not in ("names", "presence"):
        return []
    here = [msgspec.structs.replace(row, instead_of="") for row in rows if not row.away]
    return here if shows == "presence" else [_without_touches(row) for row in here]


def _without_touches(row: DutyRow) -> DutyRow:
    return msgspec.structs.replace(row, arrived=None, left=None, arrived_by_time=False, left_by_time=False)


def away_all_day(around: Iterable[DutyDate], person: str) -> list[DateWindow]:
    """Return the windows here that an absence takes from somebody whole."""
    return [
        window
        for one in around
        for window in one.windows
        if person in window.away and not window.elsewhere and window.rest(person) is None
    ]


def _away_now(span: duty.DutySpan, person: str, minute: int) -> str:
    """Return why somebody is away at a moment of a window of which something remains; empty if they are due."""
    for window in span.windows:
        remaining = window.away.get(person)
        if remaining is None or not window.start <= minute < window.end:
            continue
        if not remaining.begin <= minute < remaining.end:
            return remaining.why
    return ""


def _state(start: int, end: int, minute: int) -> WindowState:
    return "coming" if minute < start else "running" if minute < end else "over"


def _told_apart(names: dict[str, str]) -> dict[str, str]:
    """Return for each person the last digits of their number that no namesake shares; empty without a namesake."""
    namesakes: dict[str, list[str]] = {}
    for person, name in names.items():
        namesakes.setdefault(name, []).append(person)
    shown: dict[str, str] = {}
    for numbers in namesakes.values():
        lengths = range(SHORTEST_APART, max(map(len, numbers)) + 1)
        apart = (length for length in lengths if len({number[-length:] for number in numbers}) == len(numbers))
        # The same length for all namesakes, so that people can compare the digits.
        length = next(apart, lengths.stop)
        shown |= {number: number[-length:] if len(numbers) > 1 else "" for number in numbers}
    return shown
