"""Nobody has overlapping windows (docs/rules.md, section 1): find those who would."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from server_broker.rosters.cells import MINUTES_A_DAY

_WEEK = 7 * MINUTES_A_DAY


class Shift(NamedTuple):
    """One person's share in a window. ``window`` names it, whatever the caller knows it by."""

    person: str
    window: tuple[str, str]
    weekdays: Iterable[int]
    start: int
    end: int


def overlapping(shifts: Iterable[Shift]) -> set[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Return ``(person, window, other window)`` for each pair that shares a minute in a week that repeats."""
    spans: dict[str, list[tuple[int, int, tuple[str, str]]]] = defaultdict(list)
    for shift in shifts:
        for day in shift.weekdays:
            begin = (day - 1) * MINUTES_A_DAY + shift.start
            spans[shift.person].append((begin, begin + shift.end - shift.start, shift.window))
    return {(person, min(pair), max(pair)) for person, own in spans.items() for pair in _clashes(sorted(own))}


def _clashes(spans: list[tuple[int, int, tuple[str, str]]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    first = spans[0]
    around = [*spans, (first[0] + _WEEK, first[1] + _WEEK, first[2])]
    for (_, end, window), (begin, _, other) in pairwise(around):
        if begin < end:
            yield window, other
