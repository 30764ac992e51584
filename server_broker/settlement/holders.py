"""Whose card it was at which minute (docs/rules.md, 2.1 and 8.5)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from server_broker.settlement.times import FIRST_MINUTE, LAST_MINUTE, Minute, Moment
from server_broker.settlement.values import Binding, CardOrder


class Hold(NamedTuple):
    """Somebody holds a card from ``begin`` up to, not including, ``end``; from ``lost`` on its touches do not count."""

    begin: Minute
    end: Minute
    lost: Minute
    person: str


class Holders:
    """The bindings and the orders of cards, as the county knew them at one moment."""

    def __init__(self, bindings: Iterable[Binding], orders: Iterable[CardOrder], at: Moment) -> None:
        rows: dict[str, list[Binding]] = defaultdict(list)
        for row in bindings:
            if row.known <= at:
                rows[row.card].append(row)
        self._holds = {card: _holds(some, at) for card, some in rows.items()}
        self._begins = {card: [hold.begin for hold in holds] for card, holds in self._holds.items()}
        self._orders: dict[str, set[str]] = defaultdict(set)
        for order in orders:
            if order.known <= at:
                self._orders[order.card].add(order.person)

    def at(self, card: str, minute: Minute) -> Hold | None:
        """Return who holds a card at a minute; None: nobody."""
        place = bisect_right(self._begins.get(card, ()), minute) - 1
        hold = self._holds[card][place] if place >= 0 else None
        return hold if hold is not None and minute < hold.end else None

    def within(self, card: str, first: Minute, last: Minute) -> list[Hold]:
        """Return who holds a card, and its touches count, at some minute from ``first`` to ``last``."""
        found = []
        for hold in self._holds.get(card, ()):
            begin, end = max(hold.begin, first), min(hold.end, hold.lost, last + 1)
            if begin < end:
                found.append(hold._replace(begin=begin, end=end))
        return found

    def free_within(self, card: str, first: Minute, last: Minute) -> list[tuple[Minute, Minute]]:
        """Return the stretches from ``first`` to ``last`` in which nobody holds a card."""
        free, begin = [], first
        for hold in self._holds.get(card, ()):
            if hold.begin > begin:
                free.append((begin, min(hold.begin, last + 1)))
            begin = max(begin, hold.end)
        free.append((begin, last + 1))
        return [(a, b) for a, b in free if a < b]

    def ordered_for(self, card: str) -> list[str]:
        """Return for whom a card is on order."""
        return sorted(self._orders.get(card, ()))


def _holds(rows: list[Binding], at: Moment) -> list[Hold]:
    """Return the holds of one card, which do not overlap: of bindings that do, the one that began first holds."""
    found: list[Hold] = []
    free_from = FIRST_MINUTE
    for row in sorted(rows, key=lambda row: (row.begin, row.end, row.known, row.person)):
        # The first binding counts back to the card's first touch.
        begin = FIRST_MINUTE if not found else max(row.begin, free_from)
        lost = row.lost if row.lost_known <= at else LAST_MINUTE
        if begin < row.end:
            found.append(Hold(begin, row.end, lost, row.person))
            free_from = max(free_from, row.end)
    return found
