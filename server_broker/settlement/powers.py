"""Which decision about a request stands, by what the county knew when it was made (docs/rules.md, section 5)."""

import datetime as dt
from collections.abc import Iterable, Iterator

from server_broker.settlement.due import Turn
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.times import Minute, cut, dates, day_of, next_month
from server_broker.settlement.values import Decision, Leave, Rank

_RANKS: dict[Rank, int] = {"cadre": 0, "secretary": 1, "township": 2, "county": 3}
_DAY = dt.timedelta(days=1)


def standing(
    decisions: Iterable[Decision],
    *,
    person: str,
    asker: str,
    needed: Rank | Leave,
    knowledge: Knowledge,
    other_than: str = "",
) -> Decision | None:
    """Return the first decision, by commit order, of somebody who had the power to make it."""
    known = [one for one in decisions if one.at <= knowledge.at and one.known <= knowledge.at]
    for one in sorted(known, key=lambda one: (one.commit, one.at, one.by, one.yes)):
        if one.by in {person, asker, other_than}:
            continue
        then = knowledge.back_to(one.at)
        rank = _rank_for(needed, then) if isinstance(needed, Leave) else needed
        if _has_power(one.by, person, rank, then):
            return one
    return None


def _has_power(decider: str, person: str, needed: Rank, then: Knowledge) -> bool:
    people = then.index.people
    if people[decider].known > then.at:
        return False
    rank = _RANKS[people[decider].rank]
    enough = rank >= max(_RANKS[needed], _RANKS[people[person].rank])
    return enough and then.places.contains(people[decider].home, people[person].home, day_of(cut(then.at)))


def _rank_for(leave: Leave, then: Knowledge) -> Rank:
    length = leave_length(leave.person, cut(leave.begin), cut(leave.end), then)
    return "secretary" if length <= 1 else "township" if length <= 3 else "county"


def leave_length(person: str, begin: Minute, end: Minute, then: Knowledge) -> int:
    """Return on how many dates somebody is away by a request for ``[begin, end)``.

    These are the dates with a window of theirs that it touches; in a month in which they have none, its working days.
    """
    touched = {
        turn.day
        for day in dates(day_of(begin) - 2 * _DAY, day_of(end - 1))
        for turn in then.duties.turns(person, day)
        if turn.due and turn.start < end and begin < turn.end and _is_left(turn, then)
    }
    idle = {
        day
        for first in _months(day_of(begin), day_of(end - 1))
        if not _has_window(person, first, then)
        for day in dates(first, next_month(first) - _DAY)
        if day_of(begin) <= day <= day_of(end - 1) and then.duties.calendar.on(day).works
    }
    return len(touched | idle)


def _is_left(turn: Turn, then: Knowledge) -> bool:
    """Tell whether notices leave something of a window."""
    min_rest = then.parameters.on(turn.window.village, turn.day).min_rest
    return bool(then.notices.left(turn, min_rest))


def _has_window(person: str, first: dt.date, then: Knowledge) -> bool:
    days = dates(first, next_month(first) - _DAY)
    return any(turn.due for day in days for turn in then.duties.turns(person, day))


def _months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = next_month(month)
