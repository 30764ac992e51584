"""Which touch is which mark of a turn: the spans, the chosen direction and the runs of docs/rules.md, 2.2 to 2.5.

It reckons from plain values. It says what a touch is, and not what a window comes to: nothing is settled.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import replace
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from server_broker.today.values import Marks, Reach, Tap

GRACE_IN = GRACE_OUT = 10
"""Minutes: who comes so long after the start, or leaves so long before the end, is in time."""
REPEATS_WITHIN_S = 120
_NEIGHBOURS = 30
"""Windows that are fewer minutes apart may share a touch."""
_STAYS = 30
"""Minutes between two departures of which the first is an arrival that was missing."""

type _Way = Literal["in", "out"]


class Stint(Struct, frozen=True):
    """What is judged as one: a turn, or all of a date's turns that want only a first and a last touch (``ends``)."""

    start: int
    end: int
    whole_start: int
    whole_end: int
    """The whole window's: its outer spans stay where they are if a part of it is covered."""
    reach: Reach
    arrival_only: bool = False

    @property
    def middle(self) -> int:
        """The first minute in which a touch is a departure. Of ``arrival`` windows there is none before the end."""
        return self.end if self.arrival_only else half_way(self.start, self.end)

    @property
    def first_open(self) -> int:
        """The first minute of the arrival span, before it is cut."""
        return self.whole_start - self.reach.before

    @property
    def last_open(self) -> int:
        """The minute after the departure span, before it is cut."""
        return self.whole_end if self.arrival_only else self.whole_end + self.reach.after


class Run(Struct, frozen=True):
    """Touches of one card at one station within 120 s of the first: one mark."""

    first: Tap
    last: Tap
    chosen: str


def half_way(one: int, other: int) -> int:
    """Return the minute half-way between two, rounded up, as stations do."""
    return -(-(one + other) // 2)


def runs_of(taps: Iterable[Tap]) -> list[Run]:
    """Return a person's dated touches as runs, by time."""
    found: list[Run] = []
    by_card: dict[tuple[str, str], list[Tap]] = defaultdict(list)
    for tap in taps:
        by_card[tap.card, tap.station].append(tap)
    for own in by_card.values():
        run: Run | None = None
        for tap in sorted(own, key=lambda one: one.at):
            if run is not None and (tap.at - run.first.at).total_seconds() <= REPEATS_WITHIN_S:
                run = replace(run, last=tap, chosen=tap.chosen or run.chosen)
                found[-1] = run
            else:
                run = Run(tap, tap, tap.chosen)
                found.append(run)
    return sorted(found, key=lambda run: run.first.at)


def marks_of(stints: Sequence[Stint], taps: Iterable[Tap]) -> list[Marks]:
    """Return the marks of each stint of one person. ``stints`` are in the order of their starts."""
    runs = runs_of(taps)
    spans = spans_of(stints)
    found: dict[tuple[int, _Way], list[Run]] = defaultdict(list)
    odd: dict[int, Tap] = {}
    shared = _shared(stints, runs)
    for number, run in enumerate(runs):
        if number in shared:
            place = shared[number]
            found[place, "out"].append(run)
            found[place + 1, "in"].append(run)
            continue
        mark = _mark(run, stints, spans)
        if mark is not None:
            found[mark].append(run)
        else:
            lies = (place for place, one in enumerate(stints) if one.first_open <= run.first.minute < one.last_open)
            odd |= dict.fromkeys(lies, run.first)
    return [
        _judged(stint, found[place, "in"], found[place, "out"], odd.get(place)) for place, stint in enumerate(stints)
    ]


def spans_of(stints: Sequence[Stint]) -> list[tuple[int, int]]:
    """Return from which minute to which each stint's touches lie. Where two meet they are cut half-way."""
    spans = [[stint.first_open, stint.last_open] for stint in stints]
    for place, (one, after) in enumerate(pairwise(stints)):
        if one.arrival_only:
            spans[place + 1][0] = max(spans[place + 1][0], one.whole_end)
        elif spans[place][1] > spans[place + 1][0]:
            spans[place][1] = spans[place + 1][0] = half_way(one.whole_end, after.whole_start)
    return [(opens, closes) for opens, closes in spans]


def _shared(stints: Sequence[Stint], runs: Sequence[Run]) -> dict[int, int]:
    """Return the runs that end one stint and begin the next, each with the first of the two."""
    found: dict[int, int] = {}
    for place, (one, after) in enumerate(pairwise(stints)):
        if one.arrival_only or after.start - one.end >= _NEIGHBOURS:
            continue
        between = [
            number
            for number, run in enumerate(runs)
            if one.end - GRACE_OUT <= run.first.minute <= after.start + GRACE_IN
        ]
        if len(between) == 1:
            found[between[0]] = place
    return found


def _mark(run: Run, stints: Sequence[Stint], spans: Sequence[tuple[int, int]]) -> tuple[int, _Way] | None:
    minute = run.first.minute
    place = next((n for n, (opens, closes) in enumerate(spans) if opens <= minute < closes), None)
    if place is None:
        return None
    stint = stints[place]
    arrives = minute < stint.middle
    if run.chosen == "in" and not arrives and minute >= stint.end:
        if place + 1 < len(stints) and minute >= stints[place + 1].first_open:
            return place + 1, "in"
        return None
    if run.chosen == "out" and arrives and minute <= stint.start:
        if place > 0 and minute < stints[place - 1].whole_end + stints[place - 1].reach.after:
            return place - 1, "out"
        return None
    if run.chosen:
        return place, "in" if run.chosen == "in" else "out"
    return place, "in" if arrives else "out"


def _judged(stint: Stint, came: list[Run], went: list[Run], odd: Tap | None) -> Marks:
    arrival = min((run.first for run in came), key=lambda tap: tap.at, default=None)
    departure = max((run.last for run in went), key=lambda tap: tap.at, default=None)
    if arrival is None and departure is not None:
        # Who came after the middle was taken for one who leaves. A second touch later shows that they had come.
        early = [run.first for run in went if run.chosen != "out" and run.first.minute < stint.end]
        first = min(early, key=lambda tap: tap.at, default=None)
        if first is not None and departure.minute - first.minute >= _STAYS:
            arrival = first
    if arrival is not None and departure is not None and departure.at <= arrival.at:
        departure = None
    return Marks(arrival, departure, odd)
