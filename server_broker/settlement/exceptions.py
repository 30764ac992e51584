"""Touches that somebody must look at (docs/rules.md, 2.1, 2.6 and 8.9)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server_broker.settlement.awaiting import Awaiting
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.marks import Roles
from server_broker.settlement.times import Minute
from server_broker.settlement.units import Placed


class Odd(NamedTuple):
    """A run of dated touches that counts for nothing."""

    at: Minute
    kind: str
    """off_place, unknown_card or lost_card."""
    station: str
    who: str
    """The person of an ``off_place``, the card of the others."""


def strange_cards(knowledge: Knowledge) -> list[Odd]:
    """Return the touches of cards that were nobody's, or lost."""
    return sorted(
        Odd(one.run.first, "lost_card" if one.lost else "unknown_card", one.run.station, one.run.card)
        for one in knowledge.touches.strange
    )


def off_place(placed: Iterable[Placed], knowledge: Knowledge) -> list[Odd]:
    """Return the touches that would be a window's if their station counted."""
    return sorted({odd for one in placed for odd in _off_place(one, knowledge)})


def _off_place(placed: Placed, knowledge: Knowledge) -> Iterator[Odd]:
    unit, awaiting = placed.unit, Awaiting(knowledge)
    person = unit.first.turn.person
    roles = Roles(placed, cut=True)
    first, last = roles.span()
    counting = {"in": awaiting.counting(unit.first), "out": awaiting.counting(unit.last)}
    for run in knowledge.touches.runs(person):
        if first <= run.first <= last:
            there = [one.role for one in roles.of(run.first, run.last, run.way) if one.role == "in" or unit.departs]
            if there and not any(run.station in counting[role] for role in there):
                yield Odd(run.first, "off_place", run.station, person)
