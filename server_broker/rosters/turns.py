"""Whose turn it is on which date: by the weekday, or one after another so that all have equally many, within one."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence

type MayGo = Callable[[int, dt.date], bool]
"""Tells whether a turn, by its place in the list, may fall to a date."""


def by_weekday(days: Collection[dt.date], turns: Sequence[str]) -> dict[dt.date, int]:
    """Return the place of each date's turn; a weekday whose text is empty is nobody's."""
    return {day: day.weekday() for day in sorted(days) if day.weekday() < len(turns) and turns[day.weekday()]}


def in_rotation(days: Collection[dt.date], count: int, may_go: MayGo, *, last: int | None = None) -> dict[dt.date, int]:
    """Return the place of each date's turn, so that the numbers of turns differ by one at most while all may go.

    Whoever has had the fewest turns comes next, and of several whoever follows in the order. A date on which nobody may
    go is left out.

    Args:
        count: How many take turns.
        last: Whose turn was the last before these dates; None: begin with the first.
    """
    had = [0] * count
    before = count - 1 if last is None else last
    found = {}
    for day in sorted(days):
        order = [(before + 1 + step) % count for step in range(count)]
        free = [place for place in order if may_go(place, day)]
        if free:
            before = min(free, key=lambda place: (had[place], order.index(place)))
            had[before] += 1
            found[day] = before
    return found


def leaders_by_week(days: Collection[dt.date], count: int, may_go: MayGo) -> dict[dt.date, int]:
    """Return who leads on each date: one a week from Monday on. The next one stands in for who may not go."""
    if not count:
        return {}
    weeks = sorted({day - dt.timedelta(days=day.weekday()) for day in days})
    found = {}
    for day in sorted(days):
        first = weeks.index(day - dt.timedelta(days=day.weekday()))
        order = [(first + step) % count for step in range(count)]
        free = [place for place in order if may_go(place, day)]
        if free:
            found[day] = free[0]
    return found
