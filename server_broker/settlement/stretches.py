"""What lies between minutes, by the dates on which it may be: a station can state very much of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from heapq import merge

from server_broker.settlement.record import Bracket
from server_broker.settlement.results import MOST_NAMED
from server_broker.settlement.times import MINUTES_A_DAY, Minute

_MOST_DATES = 4
"""What may be on more dates than so many is looked at for each."""


class Stretches[T]:
    """Things that lie between minutes, in their order."""

    def __init__(
        self, things: Sequence[T], bracket_of: Callable[[T], Bracket], kind_of: Callable[[T], Hashable]
    ) -> None:
        """Take ``things``. Those of one kind and bracket can belong to the same windows."""
        self.all = things
        self._wide: list[int] = []
        self._of_date: dict[int, list[int]] = defaultdict(list)
        count: Counter[tuple[Bracket, Hashable]] = Counter()
        for place, thing in enumerate(things):
            bracket = bracket_of(thing)
            key = bracket, kind_of(thing)
            count[key] += 1
            # A window names no more.
            if count[key] <= MOST_NAMED:
                self._put(place, bracket)

    def around(self, first: Minute, last: Minute) -> Iterable[T]:
        """Return what may lie on the dates of these minutes, at most `MOST_NAMED` of each kind and bracket."""
        dates = (self._of_date.get(date, ()) for date in range(first // MINUTES_A_DAY, last // MINUTES_A_DAY + 1))
        before = -1
        for place in merge(self._wide, *dates):
            if place != before:
                yield self.all[place]
            before = place

    def _put(self, place: int, bracket: Bracket) -> None:
        first, last = bracket.first // MINUTES_A_DAY, bracket.last // MINUTES_A_DAY
        if last - first >= _MOST_DATES:
            self._wide.append(place)
            return
        for date in range(first, last + 1):
            self._of_date[date].append(place)
