"""What people's windows came to, for the people themselves: in few words, with why and what is awaited."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from server_broker.fleet.models import Station
from server_broker.settlement.results import Result
from server_broker.settlement.times import begin_of as moment_of
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.moments import aware
from server_broker.settling.windows import AwaitedThing
from server_broker.settling.words import (
    SOMEWHERE,
    awaited_words,
    board_station,
    day_and_time,
    reason_words,
    result_words,
)


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What one window of a person came to."""

    village: int
    """Identity of the region on whose roster it is."""
    result: Result
    words: str
    why: str
    waits: tuple[str, ...]
    """What is awaited, each with the village and since when."""
    settled_at: dt.datetime

    @property
    def day(self) -> dt.date:
        """The window's date."""
        return self.result.day

    @property
    def start(self) -> int:
        """Minutes after midnight."""
        return self.result.start


def own_results(people: Collection[int], first: dt.date, last: dt.date) -> dict[int, list[OwnResult]]:
    """Return what the windows of each person from ``first`` to ``last`` came to, by date and start, in two queries."""
    rows = list(
        SettledWindow.objects.current()
        .filter(person__in=people, day__range=(first, last))
        .order_by("day", "start", "place")
    )
    settled = settled_of(rows)
    places = places_of({board_station(one.station) for some in settled for one in some.awaited})
    found: dict[int, list[OwnResult]] = defaultdict(list)
    for row, one in zip(rows, settled, strict=True):
        found[one.person].append(
            OwnResult(
                village=one.village,
                result=one.result,
                words=words_of(one.result),
                why=reason_words(one.result.reason, one.awaited, places),
                waits=tuple(dict.fromkeys(waits_words(thing, places) for thing in one.awaited)),
                settled_at=row.settled_at,
            )
        )
    return found


def places_of(stations: Collection[str]) -> dict[str, str]:
    """Return the name of the village in which each of these stations stands."""
    return dict(Station.objects.filter(pk__in=stations).values_list("pk", "village__name")) if stations else {}


def words_of(result: Result) -> str:
    """Return a result in a few words."""
    return result_words(
        result.result, kind=result.kind, late=result.late, early=result.early, beside="".join(result.beside)
    )


def waits_words(one: AwaitedThing, places: dict[str, str]) -> str:
    """Return in words what is awaited.

    Args:
        places: The village of each station, by the station's id.
    """
    since = "" if one.since is None else day_and_time(timezone.localtime(aware(moment_of(one.since))))
    return awaited_words(one, places.get(board_station(one.station), SOMEWHERE), since)
