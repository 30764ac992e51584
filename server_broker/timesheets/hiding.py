"""A month as somebody may see it: people of elsewhere have windows, but neither number nor name."""

from collections.abc import Callable, Collection
from dataclasses import replace

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.closing.month import VillageMonth

type Seen = Callable[[Collection[int]], Collection[int]]
"""Returns which of some people the reader of a sheet may see."""


def everybody(people: Collection[int]) -> Collection[int]:
    """Return all of them."""
    return people


def unseen_in(month: VillageMonth, seen: Seen) -> set[int]:
    """Return who is in a month that its reader may not see."""
    people = {one.person for some in (month.people, month.residents, month.slip) for one in some}
    return people - set(seen(people))


def without_names(month: VillageMonth, unseen: Collection[int]) -> VillageMonth:
    """Return a month without the numbers and names of some people."""
    if not unseen:
        return month
    return replace(
        month,
        people=tuple(replace(one, number="", name=ELSEWHERE) if one.person in unseen else one for one in month.people),
        residents=tuple(
            replace(one, number="", name=ELSEWHERE) if one.person in unseen else one for one in month.residents
        ),
        slip=tuple(replace(one, number="", name=ELSEWHERE) if one.person in unseen else one for one in month.slip),
    )
