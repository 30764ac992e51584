"""Nobody has overlapping windows (docs/rules.md, section 1): find those who would."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
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


def overlapping(shifts: Iterable[Shift]) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield ``(person, window, other window)`` for each window that begins while an earlier one lasts.

    The week repeats. Of several windows that last, the other is the one that ends last: so n shifts take the time of
    sorting them and yield n pairs at most, where all pairs would be n². Nobody's overlap is missed.
    """
    spans: dict[str, list[tuple[int, int, tuple[str, str]]]] = defaultdict(list)
    for shift in shifts:
        for day in shift.weekdays:
            begin = (day - 1) * MINUTES_A_DAY + shift.start
            spans[shift.person].append((begin, begin + shift.end - shift.start, shift.window))
    for person, own in spans.items():
        pairs = {(min(pair), max(pair)) for pair in _clashes(sorted(own))}
        yield from ((person, *pair) for pair in sorted(pairs))


def _clashes(spans: list[tuple[int, int, tuple[str, str]]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    (begin, end, window), *others = spans
    for next_begin, next_end, other in (*others, (begin + _WEEK, end + _WEEK, window)):
        if next_begin < end:
            yield window, other
        if next_end > end:
            end, window = next_end, other
