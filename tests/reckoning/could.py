"""Whether something without a time, or without a person, could belong to a window (§2.1, §2.8, §3 line 9)."""

from collections.abc import Collection, Iterator
from datetime import datetime

from tests.reckoning.awaited import is_awaited
from tests.reckoning.cards import COUNTS, Run, on_order_for, standing_of
from tests.reckoning.county import County
from tests.reckoning.due import Window
from tests.reckoning.marks import Marks, Neighbours, marks_by_touches
from tests.reckoning.minutes import MINUTE, minutes
from tests.reckoning.undated import Undated
from tests.reckoning.units import Unit
from tests.reckoning.verdict import badness


def shared_minutes(unit: Unit, thing: Undated) -> Iterator[datetime]:
    """Yield the minutes that a bracket shares with the spans as they are before the half-way cut (§2.8)."""
    first = max(thing.bracket.first, unit.whole.arrival[0])
    last = min(thing.bracket.last, unit.whole.departure[1] - MINUTE)
    return minutes(first, last + MINUTE)


def could_be_of(county: County, card: str | None, person: str, minute: datetime) -> bool:
    """Return whether a touch at a minute could be somebody's: held and lost ones could be anybody's (§2.1, §2.8)."""
    if card is None:
        return True
    if standing_of(county.case, card, minute) == (COUNTS, person):
        return True
    return person in on_order_for(county.case, card, minute)


def supposed_touches(county: County, around: Neighbours, window: Window) -> Iterator[Run]:
    """Yield each touch that could have been: at each minute, in each direction, that something could mean (§2.8).

    For which of two marks its station counts is seen when marks are made of it.
    """
    unit = around.here
    for run in county.touches_on_order:
        ours = window.person in on_order_for(county.case, run.card, run.first)
        if ours and unit.whole.arrival[0] <= run.first < unit.whole.departure[1]:
            yield Run(run.station, run.card, run.first, run.last, run.way, supposed=True)
    for thing in county.undated:
        if not around.stations.get(thing.station.id):
            continue
        if thing.card is None and not is_awaited(county, unit, window, thing.station):
            continue
        for minute in shared_minutes(unit, thing):
            if could_be_of(county, thing.card, window.person, minute):
                for way in thing.ways:
                    yield Run(thing.station, thing.card or "", minute, minute, way, supposed=True)


def could_be_better(
    county: County,
    around: Neighbours,
    window: Window,
    runs: list[Run],
    corrections: dict[str, datetime | None],
    marks: Marks,
    needs: Collection[str],
    excused: Collection[str],
) -> bool:
    """Return whether a touch that could have been would better what lines 10 to 13 make of the window (§2.8).

    No longer 旷, else fewer marks missing, else fewer minutes of 迟 and 早 together.
    """
    now = badness(around.here, marks, needs, excused)
    return any(
        badness(around.here, marks_by_touches(around, [*runs, supposed], corrections), needs, excused) < now
        for supposed in supposed_touches(county, around, window)
    )
