"""In which windows people are, by the week, by a post, on named days or by a swap, wherever the window is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from server_broker.duty.reading import Asked, read_rosters_of
from server_broker.duty.values import Crew, Days, Rosters, Window


def windows_of_each(people: Collection[int], first: dt.date, last: dt.date) -> dict[int, list[Window]]:
    """Return by person (ids) the windows in which they are on some of these dates, each once, by village and time.

    Who is in a window is so on days off too, and while they are away from a post: it is not asked who is due. The
    number of queries is the same for any number of people.
    """
    rosters = read_rosters_of(people, Asked(first, last))
    asked, wanted = Days(first, last + dt.timedelta(days=1)), frozenset(people)
    held: dict[int, list[tuple[int, Days]]] = defaultdict(list)
    for one in rosters.holdings:
        held[one.post].append((one.person, one.days))
    found: dict[int, dict[int, Window]] = defaultdict(dict)
    for window in rosters.windows:
        for crew, days in _crews(window, rosters):
            own = [*((person, days) for person in crew.people), *(one for post in crew.posts for one in held[post])]
            for person, its in own:
                if person in wanted and _meet(asked, days, its):
                    found[person][window.id] = window
    return {person: sorted(its.values(), key=_place) for person, its in found.items()}


def _crews(window: Window, rosters: Rosters) -> Iterator[tuple[Crew, Days]]:
    """Yield who is in a window, and on which dates."""
    yield window.crew, window.days
    for (of, day), crew in rosters.named.items():
        if of == window.id and day in window.days:
            yield crew, _only(day)
    for (of, day), swaps in rosters.swaps.items():
        if of == window.id and day in window.days:
            yield Crew(frozenset(swap.taker for swap in swaps)), _only(day)


def _only(day: dt.date) -> Days:
    return Days(day, day + dt.timedelta(days=1))


def _meet(*periods: Days) -> bool:
    """Tell whether some date lies in all of these."""
    first = max((days.first for days in periods if days.first is not None), default=None)
    until = min((days.until for days in periods if days.until is not None), default=None)
    return first is None or until is None or first < until


def _place(window: Window) -> tuple[int, int, str]:
    return window.village, window.start, window.name
