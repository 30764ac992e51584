"""Find the stations whose messages cost the worker far more time than their size says. Pure, and the clock is given.

A batch has messages of many stations, and only its time as a whole is known. So a batch that took too long is not
repeated but remembered: from then on the stations in it are processed in two halves, each in a batch of its own. The
half that is slow again is halved again, until one station is alone with its cost; the others are together again after
a minute. So of n stations the dear one is found within log n of its slow batches, also if others of its are quick.
Each half costs the disk a COMMIT; where that is slow, few may be apart, and the oldest halves go back for new ones.

**A slow batch alone proves nothing.** Where every batch is slow, it is the disk or the machine; what a batch takes at
least is therefore no station's cost, nor is twice that, for a batch may need two transactions. And on a busy machine
any batch may stand still for seconds, most likely one of the station that sends most. So a station is called dear only
when chance does not explain it: when so many of its batches within a minute were slow, and of others none or few, that
slow moments that strike any batch alike would have struck it alone less than once in ten thousand times. Until then it
is processed apart and charged nothing.

**Or its own work shows.** In a county where hardly anybody else sends, there are no others to compare with; and a
station may send many cheap messages between its dear ones, so that most slow moments would be its own by chance too. So
of a slow batch it is also measured how long the worker and PostgreSQL computed (`server_broker.ingest.own_work`), which
no slow disk and no machine that stands still makes longer. A station whose batches alone have had too much of that
within a minute is dear, however many others there are. A slow processor and a statement that PostgreSQL plans badly
make everybody's batches longer: so a batch counts only from many times its price on, and not while most others' do.

**Nobody waits until a batch is known to be dear.** What has been worked on for `limit_s` is ended and rolled back, and
done again station by station (`search`). A station that reaches the limit alone gets half as much into a batch from
then on, down to one message, which may take as long as it takes. If of a batch's stations none reaches it alone, or
more than one in four, it is the machine or a plan: then batches of several stations have no limit for a minute, so
that work is not thrown away. A batch of one station keeps its limit.
"""

import statistics
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, chain, count

from server_broker.ingest.inbox import price_s
from server_broker.ingest.messages import Incoming, stations_of

SLOW_S = 0.25
"""A batch is slow if it takes this much longer than twice its price and twice what every batch takes."""
DEAR_FOR_S = 600.0
"""How long a station stays apart after it was found to be dear, or its message failed."""
WINDOW_S = 60.0
"""How long a batch counts as evidence, and how long at most the stations of a slow one stay apart."""
BY_CHANCE = 0.0001
OTHERS_SLOW = 8
"""For each slow batch of the others a station needs so many of its own."""
DEAR_TOO = 3
"""So many slow batches, and at least half of all, make another station one that may be dear itself."""
OWN_S = 3.0
"""A station whose batches were worked on for so long within `WINDOW_S`, each for `LONG_S` or more, is dear: a twentieth
of the worker's time, for what others have done in hundredths of a second."""
LONG_S = 1.0
"""On a machine that has far too much to do, what takes hundredths of a second takes tenths, and never so long."""
OWN_LEAST = 2
"""In so many batches: once is no habit."""
OWN_MOST_S = 15.0
"""A station whose slow batches were worked on for so long within `WINDOW_S` is dear, however short each was."""
OWN_TIMES = 8
"""Only a batch that was worked on for so many times its price counts. No processor in use is so much slower than the
one by which prices were set."""
LIMIT_S = 0.5
"""A batch of several messages may be worked on for so long, or for `OWN_TIMES` its price if that is longer."""
FEW = 4
"""If more than one in so many stations reach the limit alone, it is no station's doing. A single one always is its own,
however few the others."""
_MOST_KNOWN = 256
"""Stations of which it is known whether their last batch was dear."""
_MOST_BATCHES = 2_000
"""Bounds the evidence: so many batches take a worker some ten seconds when it is busiest."""
_RECENT = 16
"""Batches whose quickest tells what every batch takes, and whose median what one more would."""
_USUAL_MOST_S = 0.5
"""More than that no disk takes for a COMMIT. So a dear station is found even if it was in every batch so far."""
_APART_S = 1.0
"""What all batches apart may take beside the first one: the others wait for them."""
_APART_LEAST = 4
"""So many may be apart on any disk: two halves, and two of another search."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a batch has shown."""

    pays_s: float = 0.0
    """What its one station, known to be dear, pays for it at once."""
    dear: dict[str, float] = field(default_factory=dict)
    """Stations that are dear, and what they have cost beyond their price within `WINDOW_S`, in seconds."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch as evidence. ``station`` is empty if it had messages of several."""

    at: float
    station: str
    over_s: float
    """What it took beyond its price if it was slow, else 0."""
    tells: bool
    """Whether it had facts: what has none may be quick on a slow disk."""
    slow_with: frozenset[str]
    """The stations of a slow batch: it says nothing against another one if the one in question was in it."""


@dataclass(frozen=True, slots=True)
class _Own:
    """A batch of one station that was worked on for too long."""

    at: float
    station: str
    own_s: float


@dataclass(slots=True)
class _Watch:
    """Why a station is processed apart: with the others of its ``group``, up to ``until`` (monotonic, s)."""

    group: int
    until: float
    dear: bool = False


class Costs:
    """One object lives as long as the worker. Only the worker's thread uses it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch nobody yet. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._watched: dict[str, _Watch] = {}
        self._groups = count(1)
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._evidence: deque[_Batch] = deque(maxlen=_MOST_BATCHES)
        self._own: deque[_Own] = deque()
        """Of the last `WINDOW_S`. Each took `SLOW_S` or more, so they are few, however many batches are quick."""
        self._last: dict[str, tuple[float, bool]] = {}
        """When a station's last batch was, and whether it was dear by its own work. The latest is the last."""
        self._no_limit_until = 0.0
        self._searches = 0
        """How many are under way, each in a part of the one before."""
        self._too_long: set[str] = set()
        """Stations that reached the limit alone in these searches."""

    def batches(self, messages: Sequence[Incoming]) -> list[list[Incoming]]:
        """Return ``messages`` in batches: those of stations that nobody watches in one, the others by their groups."""
        self._rejoin()
        batches: dict[int, list[Incoming]] = {0: []}
        for message in messages:
            watch = self._watch_of(message.station)
            batches.setdefault(watch.group if watch else 0, []).append(message)
        return [batch for batch in batches.values() if batch]

    def limit_s(self, batch: Sequence[Incoming]) -> float | None:
        """Return for how long a batch may be worked on; None: for as long as it takes.

        One message has no limit: it can't be done again in parts.
        """
        in_vain = self._clock() < self._no_limit_until and len(stations_of(batch)) > 1
        return None if len(batch) == 1 or in_vain else _limit_of(batch)

    @contextmanager
    def search(self, batch: Sequence[Incoming]) -> Iterator[list[list[Incoming]]]:
        """Give a batch that reached its limit in parts: one for each station, fewer if each COMMIT takes long.

        They are processed inside. A part may reach the limit too, and be given in parts of its own.
        """
        of: dict[str, list[Incoming]] = {}
        for message in batch:
            of.setdefault(message.station, []).append(message)
        a_part = -(-len(of) // max(2, self._most_apart()))
        self._searches += 1
        try:
            yield [list(chain.from_iterable(some)) for some in batched(of.values(), a_part, strict=False)]
        finally:
            self._searches -= 1
        if not self._searches:
            found, self._too_long = self._too_long, set()
            if not 0 < len(found) * FEW <= max(FEW, len(of)):
                self._no_limit_until = self._clock() + WINDOW_S

    def took(
        self, batch: Sequence[Incoming], seconds: float, own_s: float = 0.0, *, ended_early: bool = False
    ) -> Verdict:
        """Note how long a batch took, and return what that shows.

        Args:
            ended_early: It reached its limit, and nothing of it is done.
            own_s: For how much of that it was worked on and waited for nothing, as far as that is known.
        """
        stations = stations_of(batch)
        alone = stations[0] if len(stations) == 1 else ""
        over_s = self._slow_by(batch, seconds, ended_early=ended_early)
        tells = any(message.leaf == "facts" for message in batch)
        slow_with = frozenset(stations) if over_s else frozenset[str]()
        is_dear = over_s > 0 and own_s > OWN_TIMES * sum(price_s(message) for message in batch)
        self._evidence.append(_Batch(self._clock(), alone, over_s, tells, slow_with))
        if alone or not over_s:
            self._note_last(stations, is_dear=is_dear)
        if alone and is_dear:
            self._own.append(_Own(self._clock(), alone, own_s))
        if self._searches and alone and own_s > _limit_of(batch):
            self._too_long.add(alone)
        if not over_s:
            return Verdict()
        if not alone:
            if not ended_early:  # else its parts tell who it was
                self._halve(stations)
            return Verdict()
        was_dear = self._is_dear(alone)
        dear = {}
        if self._is_own(alone) or self._is_no_chance(alone):
            self.watch(alone)
            dear = {alone: sum(one.over_s for one in self._of_late() if one.station == alone)}
        elif not was_dear:
            self._set_apart([alone])
        return Verdict(over_s if was_dear else 0.0, dear)

    def watch(self, station: str) -> None:
        """Process a station's messages apart from now on: they are dear, or batches with them fail."""
        self._watched[station] = _Watch(next(self._groups), self._clock() + DEAR_FOR_S, dear=True)

    def _slow_by(self, batch: Sequence[Incoming], seconds: float, *, ended_early: bool) -> float:
        """Return what a slow batch took beyond its price; 0 if it was not slow."""
        price = sum(price_s(message) for message in batch)
        over = max(0.0, seconds - price)
        if ended_early:
            # It had no COMMIT, so it does not tell what every batch takes, and did not wait for that.
            return over
        self._recent.append(over)
        return over if over > price + SLOW_S + 2 * min(_USUAL_MOST_S, *self._recent) else 0.0

    def _halve(self, stations: Sequence[str]) -> None:
        middle = len(stations) // 2
        self._set_apart(stations[:middle])
        self._set_apart(stations[middle:])

    def _set_apart(self, stations: Sequence[str]) -> None:
        """Process these in a batch of their own for a while."""
        group = next(self._groups)
        for station in stations:
            self._watched[station] = _Watch(group, self._clock() + WINDOW_S)

    def _rejoin(self) -> None:
        """Have the oldest batches apart be none, if all of them together keep the others waiting for too long.

        What one takes is the median of late: a disk that turns slow shows in it after a few batches, a dear station
        does not.
        """
        apart = sorted({watch.group for watch in self._watched.values() if not watch.dear})
        if len(apart) > _APART_LEAST:
            back = set(apart[: -self._most_apart()])
            self._watched = {station: watch for station, watch in self._watched.items() if watch.group not in back}

    def _most_apart(self) -> int:
        takes_s = max(statistics.median(self._recent or [0.0]), 0.001)
        return max(_APART_LEAST, int(_APART_S / takes_s))

    def _note_last(self, stations: Sequence[str], *, is_dear: bool) -> None:
        for station in stations:
            self._last.pop(station, None)
            self._last[station] = self._clock(), is_dear
        while len(self._last) > _MOST_KNOWN:
            del self._last[next(iter(self._last))]

    def _is_own(self, station: str) -> bool:
        """Tell whether a station's batches were worked on for too long of late, and most others' are not."""
        while self._own and self._own[0].at < self._clock() - WINDOW_S:
            self._own.popleft()
        dear = [one for one in self._own if one.station == station]
        long_s = [one.own_s for one in dear if one.own_s >= LONG_S]
        too_long = len(long_s) >= OWN_LEAST and sum(long_s) >= OWN_S
        if not too_long and sum(one.own_s for one in dear) < OWN_MOST_S:
            return False
        others = [last for other, last in self._last.items() if other != station]
        # What was quick before may be dear by now for everybody. Of nobody else yet: then nobody waits for it either.
        since = [is_dear for at, is_dear in others if at >= dear[0].at] or [is_dear for _, is_dear in others]
        return 0 < len(since) >= 2 * sum(since)

    def _is_no_chance(self, station: str) -> bool:
        """Tell whether slow moments that strike any batch alike would hardly have struck this station's alone."""
        batches: Counter[str] = Counter()
        slow: Counter[str] = Counter()
        for one in self._of_late():
            if one.station == station or (one.tells and station not in one.slow_with):
                batches[one.station] += 1
                slow[one.station] += one.over_s > 0
        # Others that are slow most of the time may be dear themselves, and say nothing about this one.
        dear_too = {other for other in batches if slow[other] >= max(DEAR_TOO, batches[other] / 2)}
        others = batches.keys() - dear_too - {station}
        if sum(slow[other] for other in others) * OTHERS_SLOW > slow[station]:
            return False
        share = batches[station] / (batches[station] + sum(batches[other] for other in others))
        return float(share ** slow[station]) < BY_CHANCE

    def _of_late(self) -> list[_Batch]:
        while self._evidence and self._evidence[0].at < self._clock() - WINDOW_S:
            self._evidence.popleft()
        return list(self._evidence)

    def _watch_of(self, station: str) -> _Watch | None:
        watch = self._watched.get(station)
        if watch is not None and watch.until <= self._clock():
            del self._watched[station]
            return None
        return watch

    def _is_dear(self, station: str) -> bool:
        watch = self._watch_of(station)
        return watch is not None and watch.dear


def _limit_of(batch: Sequence[Incoming]) -> float:
    return max(LIMIT_S, OWN_TIMES * sum(price_s(message) for message in batch))
