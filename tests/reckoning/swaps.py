"""Swaps, and whose windows the windows of some dates are after them (§1.3)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from tests.reckoning.case import Case, Swap
from tests.reckoning.due import Overlap, Window, could_be_due, refuse_overlaps, rostered, without_displaced
from tests.reckoning.knowing import known
from tests.reckoning.minutes import cut


def agreed_at(swap: Swap) -> datetime | None:
    """Return when the second of the two had agreed; None while one has not (§1.3)."""
    words = {person: [word.at for word in swap.agreed if word.by == person] for person in (swap.giver, swap.taker)}
    if not all(words.values()):
        return None
    return max(min(at) for at in words.values())


def swaps_in_order(case: Case) -> list[Swap]:
    """Return the swaps to which both agreed, in the order in which their agreements were complete (§1.3)."""
    complete = []
    for number, swap in enumerate(case.swaps):
        agreed = agreed_at(swap)
        if agreed is not None:
            complete.append((agreed, number, swap))
    return [swap for _, _, swap in sorted(complete, key=lambda entry: entry[:2])]


def moved(case: Case, windows: list[Window], swap: Swap) -> list[Window]:
    """Return the windows after one swap: it moves a window only from the person who has it by then (§1.3).

    It must be agreed before the window's start, and the taker could be due by what was known then. That the taker was
    not away was looked at when it was agreed, and is never judged again. Who gave it is shown 休, and the taker too
    where they are not due after all (§8.2); the window keeps its share (§4).
    """
    agreed = agreed_at(swap)
    after = list(windows)
    for number, window in enumerate(windows):
        if not window.due or window.person != swap.giver:
            continue
        if window.date != swap.date or window.start.time() != swap.window:
            continue
        if agreed is None or cut(agreed) >= window.start:
            continue
        then = replace(case, posts=known(case.posts, agreed), away=known(case.away, agreed))
        if not could_be_due(then, swap.taker, window.date):
            continue
        after[number] = replace(window, person=swap.taker, due=could_be_due(case, swap.taker, window.date))
        after.append(replace(window, due=False))
        break
    return after


def windows_of_dates(case: Case, days: Iterable[date]) -> tuple[list[Window], bool]:
    """Return the windows of some dates, and whether anything must be refused because windows overlap (§1)."""
    windows: list[Window] = []
    for day in sorted(set(days)):
        windows += rostered(case, day)
    windows = without_displaced(case, windows)
    try:
        refuse_overlaps(windows)
        refused = False
    except Overlap:
        refused = True
    for swap in swaps_in_order(case):
        windows = moved(case, windows, swap)
        try:
            refuse_overlaps(windows)
        except Overlap:
            refused = True
    return sorted(windows, key=lambda window: (window.date, window.start, window.person)), refused
