"""Find the stations whose messages cost the worker far more time than their size says. Pure: times are passed in.

A batch has messages of many stations, and only its time as a whole is known. So a batch that took too long is not
repeated but remembered: from then on the stations in it are processed in two halves, each in a batch of its own. The
half that is slow again is halved again, until one station is alone with its cost; the others are watched no more. So
of n stations the dear one is found within log n of its own messages, and from then on its time is charged to it alone.

Where every batch is slow, it is the disk or the machine. What a batch takes at least is therefore no station's cost.
And a station that was alone in a slow batch is only suspected, and charged once facts of others come through quickly.
In a small county most batches have one station, and a disk that turns slow must not name whoever comes next.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from server_broker.ingest.inbox import price_s
from server_broker.ingest.messages import Incoming

SLOW_S = 0.25
"""A batch is slow if it takes this much longer than twice its price and what every batch takes."""
WATCHED_S = 600.0
"""How long a station stays apart after it was found to be dear."""
_RECENT = 16
"""Batches whose quickest tells what every batch takes."""
_USUAL_MOST_S = 1.0
"""More than that no disk takes for a COMMIT. So a dear station is found even if it was in every batch so far."""


@dataclass(slots=True)
class _Watch:
    """Why a station is processed apart: with the others of its ``group``, up to ``until`` (monotonic, s)."""

    group: int
    until: float
    dear: bool = False
    """Whether it was alone in a slow batch. Otherwise it was in one with others."""


@dataclass(slots=True)
class _Suspect:
    """A station that was alone in the last slow batches."""

    limit_s: float
    """What a batch had beyond its price."""
    owed_s: float = 0.0
    """What it is charged if others are quick."""


class Costs:
    """One object lives as long as the worker. Only the worker's thread uses it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch nobody yet. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._watched: dict[str, _Watch] = {}
        self._suspects: dict[str, _Suspect] = {}
        self._groups = count(1)
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def batches(self, messages: Sequence[Incoming]) -> list[list[Incoming]]:
        """Return ``messages`` in batches: those of stations that nobody watches in one, the others by their groups."""
        if not self._watched:
            return [list(messages)] if messages else []
        batches: dict[int, list[Incoming]] = {0: []}
        for message in messages:
            watch = self._watched.get(message.station)
            batches.setdefault(watch.group if watch else 0, []).append(message)
        return [batch for batch in batches.values() if batch]

    def took(self, batch: Sequence[Incoming], seconds: float) -> tuple[float, dict[str, float]]:
        """Note how long a batch took.

        Return what its one station pays at once if it is dear, and which stations are proven to have cost how much.
        """
        at = self._clock()
        stations = list(dict.fromkeys(message.station for message in batch))
        price = sum(price_s(message) for message in batch)
        over = max(0.0, seconds - price)
        self._recent.append(over)
        limit = SLOW_S + min(_USUAL_MOST_S, *self._recent)
        is_slow = over > price + limit
        tells = any(message.leaf == "facts" for message in batch)
        proven = self._judge_suspects(stations, over - price, is_slow=is_slow) if tells else {}
        if not is_slow:
            self._forget(station for station in stations if not self._is_dear(station, at))
            return 0.0, proven
        if len(stations) == 1:
            is_dear = self._is_dear(stations[0], at)
            if not is_dear:
                self._watched[stations[0]] = _Watch(next(self._groups), at + WATCHED_S)
            self._suspects.setdefault(stations[0], _Suspect(limit)).owed_s += over
            return (over if is_dear else 0.0), proven
        middle = len(stations) // 2
        for half in (stations[:middle], stations[middle:]):
            group = next(self._groups)
            for station in half:
                self._watched[station] = _Watch(group, at + WATCHED_S)
        return 0.0, proven

    def _judge_suspects(self, stations: Sequence[str], beyond_s: float, *, is_slow: bool) -> dict[str, float]:
        """Compare a batch with the suspects that are not in it: one that was slow where others are quick is dear."""
        at, charged = self._clock(), {}
        if is_slow and any(self._is_dear(station, at) for station in stations):
            return {}  # it is known why this one is slow
        for station in [one for one in self._suspects if one not in stations]:
            suspect = self._suspects.pop(station)
            if beyond_s <= suspect.limit_s:
                self.watch(station)
                charged[station] = suspect.owed_s
            elif not self._is_dear(station, at):
                self._watched.pop(station, None)
        return charged

    def watch(self, station: str) -> None:
        """Process a station's messages apart from now on: they are dear, or batches with them fail."""
        self._watched[station] = _Watch(next(self._groups), self._clock() + WATCHED_S, dear=True)

    def _is_dear(self, station: str, at: float) -> bool:
        watch = self._watched.get(station)
        return watch is not None and watch.dear and watch.until > at

    def _forget(self, stations: Iterable[str]) -> None:
        for station in stations:
            self._watched.pop(station, None)
