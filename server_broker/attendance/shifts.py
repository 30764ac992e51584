"""Find people who would be on duty in two windows at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server_broker.sheets.cells import MINUTES_A_DAY

_WEEK = 7 * MINUTES_A_DAY
_MONDAY_TO_FRIDAY = frozenset(range(1, 6))
_ALL_DAYS = tuple(range(1, 8))


class Shift(NamedTuple):
    """One person's share in a window. ``window`` is any key by which the caller knows the window."""

    person: str
    window: tuple[str, str]
    weekdays: Iterable[int]
    start: int
    end: int


def possible_days(weekdays: Iterable[int]) -> Iterable[int]:
    """Return the weekdays on which a window may be: all of them if it has Monday to Friday, for it has 调休 too.

    So a window of Saturdays never goes with one of Mondays to Fridays at the same time: Saturdays on which it is there
    are working days, and on these the other is there too (docs/rules.md, 1.2).
    """
    given = frozenset(weekdays)
    return _ALL_DAYS if given >= _MONDAY_TO_FRIDAY else given


def overlapping(shifts: Iterable[Shift]) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield ``(person, window, other window)`` for each window that begins while an earlier one lasts.

    Nobody has overlapping windows (docs/rules.md, section 1). A window is compared only with the earlier one that ends
    last. So n shifts take the time of sorting them and yield at most n pairs, where all pairs would be n². Everybody
    who has an overlap is found, but not each pair of windows.
    """
    spans: dict[str, list[tuple[int, int, tuple[str, str]]]] = defaultdict(list)
    for shift in shifts:
        for day in possible_days(shift.weekdays):
            begin = (day - 1) * MINUTES_A_DAY + shift.start
            spans[shift.person].append((begin, begin + shift.end - shift.start, shift.window))
    for person, own in spans.items():
        (begin, end, window), *others = sorted(own)
        # The week repeats, so the first window stands at the end once more: Sunday's night may last into it.
        others.append((begin + _WEEK, end + _WEEK, window))
        pairs = set()
        for next_begin, next_end, other in others:
            if next_begin < end:
                pairs.add((min(window, other), max(window, other)))
            if next_end > end:
                end, window = next_end, other
        yield from ((person, *pair) for pair in sorted(pairs))
