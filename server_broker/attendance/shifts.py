"""Find people who would be on duty in two windows at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

from server_broker.attendance.seasons import Season, dates_of, day_after
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


type _Pairs = set[tuple[tuple[str, str], tuple[str, str]]]


def overlapping_in_seasons(
    shifts: Iterable[tuple[Season, Shift]],
) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield what `overlapping` does, of windows that run in different seasons of the year.

    Two windows meet if their seasons share a date, or if one lasts past midnight into the other's first date. Everybody
    who has an overlap is found; the time grows with the square of the number of one person's different seasons.
    """
    own: dict[str, dict[Season, list[Shift]]] = defaultdict(lambda: defaultdict(list))
    for season, shift in shifts:
        own[shift.person][season].append(shift)
    for person, seasons in own.items():
        pairs: _Pairs = set()
        for some in seasons.values():
            pairs |= _pairs(some)
        for one, other in combinations(seasons, 2):
            if _share_a_date(one, other):
                pairs |= _pairs([*seasons[one], *seasons[other]])
            else:
                for first, second in ((one, other), (other, one)):
                    if _follows(first, second):
                        pairs |= _pairs([*_past_midnight(seasons[first]), *seasons[second]])
        yield from ((person, *pair) for pair in sorted(pairs))


def _pairs(shifts: Iterable[Shift]) -> _Pairs:
    return {(first, second) for _, first, second in overlapping(shifts)}


def _past_midnight(shifts: Iterable[Shift]) -> Iterator[Shift]:
    """Yield what windows have of the date after their own."""
    for shift in shifts:
        if shift.end > MINUTES_A_DAY:
            next_days = [day % 7 + 1 for day in possible_days(shift.weekdays)]
            yield shift._replace(weekdays=next_days, start=0, end=shift.end - MINUTES_A_DAY)


@cache
def _share_a_date(one: Season, other: Season) -> bool:
    return not dates_of(one).isdisjoint(dates_of(other))


@cache
def _follows(one: Season, other: Season) -> bool:
    return not dates_of(other).isdisjoint(map(day_after, dates_of(one)))
