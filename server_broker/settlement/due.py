"""Who is due in which window on which date (docs/rules.md, 1.1 to 1.3, 8.1, 8.2, 8.4, and the share of section 4)."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations, product

from msgspec import Struct
from msgspec.structs import replace

from server_broker.settlement.calendar import FRIDAY, Calendar
from server_broker.settlement.index import Index
from server_broker.settlement.times import ALWAYS, NEVER, Minute, Moment, begin_of, midnight
from server_broker.settlement.values import Away, Holding, RosterWindow, Swap

_DAY = dt.timedelta(days=1)
_WEEK = frozenset(range(1, FRIDAY + 1))


class Turn(Struct, frozen=True):
    """One person and one window on one date."""

    person: str
    window: RosterWindow
    day: dt.date
    start: Minute
    end: Minute
    due: bool
    why: str = ""
    """Of a turn that is not due: why not."""
    entered: Moment = ALWAYS
    """When the last of what makes it due was entered: the roster, the post, the swap."""
    share: Fraction = Fraction(0)
    """What the window counts of a day."""


type _Turns = Callable[[str, dt.date], list[Turn]]
"""Somebody's turns of a date, as they are at one step."""


class Duties:
    """Whose duty is when, as the county knew it at one moment."""

    def __init__(self, index: Index, at: Moment) -> None:
        self._index = index
        self._at = at
        self.calendar = Calendar(index.world.calendar, at)
        self._turns: dict[tuple[str, dt.date], list[Turn]] = {}
        self._given: dict[tuple[str, dt.date], list[Turn]] = {}
        self._swapped: dict[dt.date, dict[str, list[Turn]]] = {}
        self._swapped_into: set[tuple[str, dt.date]] = set()
        """To whom a swap brought a window over another one, also if they gave one of the two away later."""
        self._entered_with: dict[Moment, Calendar] = {}

    def turns(self, person: str, day: dt.date) -> list[Turn]:
        """Return somebody's windows of a date by their start, also those that are off or gone to another."""
        key = (person, day)
        if key not in self._turns:
            self._turns[key] = _once(
                [self._unless_brought(turn, self._swapped_turns) for turn in self._swapped_turns(*key)]
            )
        return self._turns[key]

    def overlapping(self, person: str, day: dt.date) -> bool:
        """Tell whether a window of somebody's date overlaps another one of theirs, so that it must be refused.

        What a roster or a swap made so stays refused, though a swap took one of the two away afterwards.
        """
        if (person, day) in self._swapped_into:
            return True
        return self._some_overlap(person, day, self.turns) or (
            day in self._index.swaps and self._some_overlap(person, day, self._roster_turns)
        )

    def _some_overlap(self, person: str, day: dt.date, turns: _Turns) -> bool:
        mine = [turn for turn in turns(person, day) if turn.due]
        beside = [turn for near in (day - _DAY, day + _DAY) for turn in turns(person, near) if turn.due]
        pairs = [*combinations(mine, 2), *product(mine, beside)]
        return any(self._clash(one, other) for one, other in pairs)

    def _clash(self, one: Turn, other: Turn) -> bool:
        return _overlap(one, other) and not self._yields(one, other) and not self._yields(other, one)

    def bar(self, person: str, day: dt.date, known: Moment = NEVER) -> str:
        """Return why somebody who is named is not due on a date whatever the window; empty: they may be.

        Args:
            known: By what was known then, if that is earlier than the moment of this knowledge.
        """
        by = min(known, self._at)
        away = [one.kind for one in self._index.away.get(person, ()) if one.known <= by and _on(one, day)]
        if away:
            return f"{min(away)}，不用到"
        posts = [one for one in self._index.holdings.get(person, ()) if one.known <= by]
        return "这天没有职务，不用到" if posts and not any(_on(one, day) for one in posts) else ""

    def _posts(self, person: str, day: dt.date) -> list[Holding]:
        return [one for one in self._index.holdings.get(person, ()) if one.known <= self._at and _on(one, day)]

    def _roster_turns(self, person: str, day: dt.date) -> list[Turn]:
        """Return what the rosters give somebody on a date, before swaps."""
        key = (person, day)
        if key not in self._given:
            self._given[key] = self._find_roster_turns(person, day)
        return self._given[key]

    def _find_roster_turns(self, person: str, day: dt.date) -> list[Turn]:
        posts = self._posts(person, day)
        bar = self.bar(person, day)
        first_post = min((one.known for one in posts), default=ALWAYS)
        found = [self._turn(person, window, day, bar, first_post) for window in self._index.named(person)]
        for post in sorted({one.post for one in posts}):
            entered = min(one.known for one in posts if one.post == post)
            found += [self._turn(person, window, day, bar, entered) for window in self._index.of_post(post)]
        turns = [turn for turn in found if turn is not None]
        given = Counter(turn.window.roster for turn in turns if turn.due)
        return [replace(one, share=Fraction(1, given[one.window.roster])) if one.due else one for one in turns]

    def _turn(self, person: str, window: RosterWindow, day: dt.date, bar: str, post_known: Moment) -> Turn | None:
        if window.known > self._at or not window.first <= day <= window.last:
            return None
        off = self._off(window, day)
        if off is None:
            return None
        start = midnight(day)
        why = off or bar
        return Turn(
            person=person,
            window=window,
            day=day,
            start=start + window.start,
            end=start + window.end,
            due=not why,
            why=why,
            entered=max(window.known, post_known),
        )

    def _off(self, window: RosterWindow, day: dt.date) -> str | None:
        """Return why a window is off on a date, empty if it is on; None: it has nothing to do with the date."""
        if window.named_days:
            return "" if day in window.dates else None
        weekday = day.isoweekday() in window.weekdays
        if not self.calendar.on(day).works:
            return "这天不上班" if weekday else None
        return "" if weekday or window.weekdays >= _WEEK else None

    def _swapped_turns(self, person: str, day: dt.date) -> list[Turn]:
        swapped = self._after_swaps(day)
        return sorted(swapped[person] if person in swapped else self._held_turns(person, day), key=_order)

    def _held_turns(self, person: str, day: dt.date) -> list[Turn]:
        """Return what somebody has on a date before swaps: a window that is off (1.1) is nobody's to give away."""
        return [self._unless_brought(turn, self._roster_turns) for turn in self._roster_turns(person, day)]

    def _after_swaps(self, day: dt.date) -> dict[str, list[Turn]]:
        """Return the turns of everybody whom a swap of the date names."""
        if day not in self._swapped:
            swaps = [swap for swap in self._index.swaps.get(day, ()) if swap.known <= self._at]
            people = {person for swap in swaps for person in (swap.giver, swap.taker)}
            turns = {person: self._held_turns(person, day) for person in people}
            for complete, swap in sorted(self._complete(swaps), key=lambda one: (one[0], one[1].giver, one[1].taker)):
                self._move(swap, complete, turns)
            self._swapped[day] = turns
        return self._swapped[day]

    def _complete(self, swaps: list[Swap]) -> Iterator[tuple[Moment, Swap]]:
        """Yield the swaps to which both agreed, with the moment at which they had."""
        for swap in swaps:
            words = [one for one in swap.agreed if one.at <= self._at and one.known <= self._at]
            said = [min((one.at for one in words if one.by == who), default=None) for who in (swap.giver, swap.taker)]
            if said[0] is not None and said[1] is not None:
                yield max(said[0], said[1]), swap

    def _move(self, swap: Swap, complete: Moment, turns: dict[str, list[Turn]]) -> None:
        given = next((one for one in turns[swap.giver] if one.due and one.window.start == swap.start), None)
        if given is None or complete >= begin_of(given.start) or self.bar(swap.taker, swap.date, complete):
            return
        kept = [one for one in turns[swap.giver] if one is not given]
        turns[swap.giver] = [*kept, replace(given, due=False, why="换给别人了", share=Fraction(0))]
        taken = replace(given, person=swap.taker, entered=max(given.entered, complete))
        # Who could not be due after all leaves nobody there: the giver relied on the agreement.
        if bar := self.bar(swap.taker, swap.date):
            taken = replace(taken, due=False, why=bar)
        if any(one.due and self._clash(one, taken) for one in turns[swap.taker]):
            self._swapped_into.add((swap.taker, swap.date))
        turns[swap.taker] = [*turns[swap.taker], taken]

    def _unless_brought(self, turn: Turn, turns: _Turns) -> Turn:
        """Return a turn by the week as off if a change of the calendar brought it over one of named days."""
        if not turn.due or turn.window.named_days:
            return turn
        for day in (turn.day - _DAY, turn.day, turn.day + _DAY):
            for other in turns(turn.person, day):
                if other.due and _overlap(turn, other) and self._yields(turn, other):
                    return replace(turn, due=False, why="日历改动后和指定日期的班重叠，那个班算数")
        return turn

    def _yields(self, turn: Turn, other: Turn) -> bool:
        """Tell whether the calendar, and not what was entered last, brought one by the week over one of named days."""
        if turn.window.named_days or not other.window.named_days:
            return False
        entered = max(turn.entered, other.entered)
        if entered == ALWAYS:
            return turn.day.isoweekday() > FRIDAY
        if entered not in self._entered_with:
            self._entered_with[entered] = Calendar(self._index.world.calendar, entered)
        return not self._entered_with[entered].on(turn.day).works


def _on(row: Holding | Away, day: dt.date) -> bool:
    return row.first <= day <= row.last


def _overlap(one: Turn, other: Turn) -> bool:
    return one.start < other.end and other.start < one.end


def _once(turns: list[Turn]) -> list[Turn]:
    """Return turns without those that are not due where another one has the same start: it names both."""
    found: dict[Minute, Turn] = {}
    doubled = []
    for turn in turns:
        other = found.setdefault(turn.start, turn)
        if other is not turn and turn.due and not other.due:
            found[turn.start] = turn
        elif other is not turn and turn.due:
            doubled.append(turn)
    return sorted([*found.values(), *doubled], key=_order)


def _order(turn: Turn) -> tuple[Minute, Minute, str, bool, str, Moment, Fraction]:
    """Order turns by what they say, so that the order of the rosters changes nothing."""
    return (turn.start, turn.end, turn.window.village, not turn.due, turn.why, turn.entered, turn.share)
