"""The rows of a world by what they are asked for, prepared once for every T."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable

from server_broker.settlement.places import Places
from server_broker.settlement.times import Moment
from server_broker.settlement.values import (
    Away,
    Correction,
    Holding,
    Leave,
    Notice,
    Person,
    RosterWindow,
    Swap,
    World,
)


class Index:
    """A world, and its rows by person, post and date. Nothing is left out: whoever asks looks at ``known``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: dict[str, Person] = {person.id: person for person in world.people}
        self.holdings: dict[str, list[Holding]] = _by(world.holdings, lambda row: row.person)
        self.away: dict[str, list[Away]] = _by(world.away, lambda row: row.person)
        self.swaps: dict[dt.date, list[Swap]] = _by(world.swaps, lambda row: row.date)
        self.leave: dict[str, list[Leave]] = _by(world.leave, lambda row: row.person)
        self.corrections: dict[str, list[Correction]] = _by(world.corrections, lambda row: row.person)
        self.notices: tuple[Notice, ...] = tuple(sorted(world.notices, key=lambda row: (row.begin, row.end, row.scope)))
        self._regions_known = sorted(row.known for row in world.regions)
        self._places: dict[int, Places] = {}
        self._named: dict[str, list[RosterWindow]] = defaultdict(list)
        self._of_post: dict[str, list[RosterWindow]] = defaultdict(list)
        for window in sorted(world.windows, key=_place):
            for person in window.persons:
                self._named[person].append(window)
            if window.post is not None:
                self._of_post[window.post].append(window)

    def places(self, at: Moment) -> Places:
        """Return the tree of regions as it was known at a moment."""
        count = bisect_right(self._regions_known, at)
        if count not in self._places:
            self._places[count] = Places(self.world.regions, at)
        return self._places[count]

    def named(self, person: str) -> list[RosterWindow]:
        """Return the windows that name somebody."""
        return self._named.get(person, [])

    def of_post(self, post: str) -> list[RosterWindow]:
        """Return the windows of a post."""
        return self._of_post.get(post, [])


def _by[Key, Row](rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _place(window: RosterWindow) -> tuple[int, int, str, str]:
    return (window.start, window.end, window.village, window.roster)
