"""What could still belong to a window and better it (docs/rules.md, 2.1, 2.8 and 8.11)."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.marks import ARRIVED_BEFORE, Candidate, Roles
from server_broker.settlement.record import Bracket
from server_broker.settlement.results import MOST_NAMED, Awaited
from server_broker.settlement.times import Minute, cut
from server_broker.settlement.values import Way

type Measure = tuple[int, int, int]

MOST_TRIED = 256
"""Of so many stretches of minutes it is tried whether something in them would better a window. Of others it is taken to
do so: whoever has got hold of a station can make very many of them, and nobody is blamed over what nobody has tried."""

_ANY: tuple[Way | None, ...] = (None, "in", "out")
"""Nobody knows what a held fact or a lost seq was."""


def could_better(
    person: str,
    *,
    counting: frozenset[str],
    awaited: Sequence[str],
    roles: Roles,
    candidates: Sequence[Candidate],
    measure: Callable[[Sequence[Candidate]], Measure],
    knowledge: Knowledge,
) -> list[Awaited]:
    """Return what could belong to a window and would better it, at most `MOST_NAMED`.

    Args:
        person: Whose window it is.
        counting: The stations whose touches count for it.
        awaited: The stations whose held and lost facts could have been touches.
        roles: What touches are by the spans before the half-way cut.
        candidates: The touches that the window has.
        measure: How bad touches in their roles make it; less is better.
        knowledge: What was known.
    """
    now = measure(candidates)
    first, last = roles.span()
    found: list[Awaited] = []
    # Whoever has got hold of a station can have it state very many, which lie between the same minutes.
    known: dict[tuple[Bracket, tuple[Way | None, ...]], bool] = {}
    for bracket, ways, awaiting in _possible(person, (first, last), counting, awaited, knowledge):
        within = Bracket(max(bracket.first, first), min(bracket.last, last))
        if within.first > within.last:
            continue
        if (within, ways) not in known:
            tried = len(known) < MOST_TRIED
            known[within, ways] = not tried or _betters(within, ways, roles, candidates, measure, now)
        if known[within, ways]:
            found.append(awaiting)
            if len(found) == MOST_NAMED:
                break
    return found


def _possible(
    person: str,
    span: tuple[Minute, Minute],
    counting: frozenset[str],
    awaited: Sequence[str],
    knowledge: Knowledge,
) -> Iterator[tuple[Bracket, tuple[Way | None, ...], Awaited]]:
    for one in knowledge.touches.possible_around(person, *span):
        if one.station in counting:
            yield one.bracket, (one.way,), Awaited(one.station, one.received, one.ref)
    for station in awaited:
        for unread in knowledge.unread_around(station, *span):
            yield unread.bracket, _ANY, Awaited(station, cut(unread.received), unread.ref)


def _betters(
    within: Bracket,
    ways: Iterable[Way | None],
    roles: Roles,
    candidates: Sequence[Candidate],
    measure: Callable[[Sequence[Candidate]], Measure],
    now: Measure,
) -> bool:
    minutes = telling_minutes(within, roles, candidates)
    return any(
        measure([*candidates, *made]) < now for way in ways for at in minutes if (made := list(roles.of(at, at, way)))
    )


def telling_minutes(within: Bracket, roles: Roles, candidates: Iterable[Candidate]) -> list[Minute]:
    """Return minutes of a bracket among which the best one is.

    Between two edges a touch has one role, and earlier is better for an arrival, later for a departure.
    """
    beside = [minute for one in candidates for minute in (one.arrives, one.departs)]
    edges = {
        *roles.edges,
        *beside,
        *(minute + 1 for minute in beside),
        *(minute - ARRIVED_BEFORE for minute in beside),
        *(minute + ARRIVED_BEFORE for minute in beside),
    }
    near = {minute + step for minute in edges for step in (-1, 0)}
    return sorted({within.first, within.last, *(one for one in near if within.first < one < within.last)})
