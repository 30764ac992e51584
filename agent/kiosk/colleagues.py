"""Say who could take a window over: not who is in one at that time, nor who is away, as far as the station knows."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from agent.clocking.duty_dates import DateWindow, DutyDates, midnight
from protocol.kiosk_months import DayWindow
from protocol.units import PersonId

_DAY = timedelta(days=1)


def not_free(dates: DutyDates, turns: Sequence[DayWindow]) -> list[frozenset[PersonId]]:
    """Return for each of some windows who can't take it over."""
    if not turns:
        return []
    days = [date.fromisoformat(turn.day) for turn in turns]
    # All dates at once: the turns of the county are read once for them.
    known = {one.day: one.windows for one in dates.between(min(days) - _DAY, max(days) + _DAY)}
    return [
        frozenset(_busy(turn, day, (window for near in (day - _DAY, day, day + _DAY) for window in known[near])))
        for turn, day in zip(turns, days, strict=True)
    ]


def _busy(turn: DayWindow, day: date, windows: Iterable[DateWindow]) -> Iterable[PersonId]:
    begin, end = midnight(day) + turn.start, midnight(day) + turn.end
    for window in windows:
        if window.start < end and begin < window.end:
            yield from window.people
        elif window.day == day:
            # Who has nothing left of a window of that date is away from it.
            yield from (person for person in window.people if person in window.away and window.rest(person) is None)
