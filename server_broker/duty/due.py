"""Who is due on a date, in which window and why (docs/rules.md, 1.1 to 1.4, and the share of section 4).

It reckons from plain values alone, so the same values give the same answer, whatever day it is asked.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from server_broker.duty.reasons import (
    Away,
    ByName,
    ByPost,
    CutByNotice,
    DayOff,
    ForThisDate,
    HandedOver,
    Left,
    NoPost,
    OnNamedDay,
    OnSwappedDay,
    OnWorkingDay,
    OthersForThisDate,
    Overlaps,
    Reason,
    Stopped,
    TookOver,
)
from server_broker.duty.values import (
    MINUTES_A_DAY,
    MONDAY_TO_FRIDAY,
    CalendarDay,
    Crew,
    Held,
    Rosters,
    Window,
    minute_at,
)

MIN_REST = 30
"""Minutes: what a notice leaves of a window is nothing if it is less than this."""
_REACH = dt.timedelta(days=2)
_DAY = dt.timedelta(days=1)


class Turn(Struct, frozen=True):
    """One person and one window on one date: whether the person is due then, and why."""

    person: int
    window: Window
    day: dt.date
    due: bool
    why: tuple[Reason, ...]
    """Why the person is due; of a turn that is not due, first why not."""
    leads: bool = False
    share: Fraction = Fraction(0)
    """What the window counts of a day. 0 if the roster does not give it to the person at all."""
    provisional: bool = False
    """The calendar's word on this date may still change."""
    begin: int = 0
    """First local minute of what is left of the window after notices."""
    end: int = 0
    """The minute after the last one that is left. A hole between the two needs no touch."""

    @property
    def is_exception(self) -> bool:
        """Tell whether somebody has to look at it: two windows at the same time."""
        return any(isinstance(reason, Overlaps) for reason in self.why)

    @property
    def is_dropped(self) -> bool:
        """Tell whether the person took the window over and is not there any more, so that nobody is due for it."""
        barred = bool(self.why) and isinstance(self.why[0], Away | Left | NoPost)
        return not self.due and barred and any(isinstance(reason, TookOver) for reason in self.why)


type _Busy = Mapping[tuple[int, dt.date], list[Turn]]
"""The turns of each person and date that are due, before overlaps."""


def due_on(day: dt.date, rosters: Rosters) -> list[Turn]:
    """Return who is due on a date, and who is not although a window of that date is theirs."""
    return list(due_between(day, day, rosters))


def due_between(first: dt.date, last: dt.date, rosters: Rosters) -> Iterator[Turn]:
    """Yield the turns of each date from ``first`` to ``last``, by date and window.

    Raises:
        KeyError: The calendar lacks a date. It must reach two days beyond both ends.
    """
    posts = _Posts(rosters)
    beside = _past_midnight(rosters)
    turns = {}
    for day in _days(first - _REACH, last + _REACH):
        windows = rosters.windows if first <= day <= last else beside
        turns[day] = list(_turns(day, windows, rosters, posts))
    busy: dict[tuple[int, dt.date], list[Turn]] = defaultdict(list)
    for day, listed in turns.items():
        for turn in listed:
            if turn.due:
                busy[turn.person, day].append(turn)
    for day in _days(first, last):
        for turn in turns[day]:
            yield _unless_overlapping(turn, busy) if turn.due else turn


def _past_midnight(rosters: Rosters) -> list[Window]:
    """Return the windows past midnight, and the others of their people: these alone reach into another date."""
    holders: dict[int, set[int]] = defaultdict(set)
    for held in rosters.holdings:
        holders[held.post].add(held.person)
    people: dict[int, set[int]] = defaultdict(set)
    crews = [
        *((window.id, window.crew) for window in rosters.windows),
        *((key[0], crew) for key, crew in rosters.named.items()),
    ]
    for window, crew in crews:
        people[window].update(crew.people, *(holders[post] for post in crew.posts))
    for (window, _), swaps in rosters.swaps.items():
        people[window].update(swap.taker for swap in swaps)
    late = {person for window in rosters.windows if window.end > MINUTES_A_DAY for person in people[window.id]}
    return [window for window in rosters.windows if not late.isdisjoint(people[window.id])]


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + number * _DAY


class _Posts:
    """Who holds which post, and whether somebody is on the county's list."""

    def __init__(self, rosters: Rosters) -> None:
        self._left = rosters.left
        self._bars: dict[tuple[int, dt.date], Reason | None] = {}
        self._of_person: dict[int, list[Held]] = defaultdict(list)
        self._of_post: dict[int, list[Held]] = defaultdict(list)
        for one in rosters.holdings:
            self._of_person[one.person].append(one)
            self._of_post[one.post].append(one)

    def of_post(self, post: int, day: dt.date) -> Iterator[Held]:
        """Yield who has a post on a date, also who is away from it."""
        return (one for one in self._of_post.get(post, ()) if day in one.days)

    def bar(self, person: int, day: dt.date) -> Reason | None:
        """Return why somebody who is named is not due on a date whatever the window; None: they may be."""
        if (person, day) not in self._bars:
            self._bars[person, day] = self._bar(person, day)
        return self._bars[person, day]

    def _bar(self, person: int, day: dt.date) -> Reason | None:
        if any(day in days for days in self._left.get(person, ())):
            return Left()
        held = self._of_person.get(person, ())
        today = [one for one in held if day in one.days]
        if not held or any(one.state == "held" for one in today):
            return None
        # The database has no order of its own: of several posts the first one's, or the answer would change later.
        away = min(today, key=lambda one: (one.post, one.state), default=None)
        return NoPost() if away is None else Away(away.state, away.post)


def _turns(day: dt.date, windows: Sequence[Window], rosters: Rosters, posts: _Posts) -> Iterator[Turn]:
    """Yield the turns of a date in these windows, before it is asked whether some overlap."""
    listed = [(window, list(_roster_turns(window, day, rosters, posts))) for window in windows if day in window.days]
    # Of one village's roster, before notices and swaps.
    given = Counter((window.village, turn.person) for window, turns in listed for turn in turns if turn.due)
    for window, turns in listed:
        shared = [
            replace(turn, share=Fraction(1, given[window.village, turn.person])) if turn.due else turn for turn in turns
        ]
        for turn in _swapped(shared, window, day, rosters, posts):
            yield _after_notices(turn, rosters) if turn.due else turn


def _roster_turns(window: Window, day: dt.date, rosters: Rosters, posts: _Posts) -> Iterator[Turn]:
    """Yield whom the roster gives a window on a date, and who is in it but not due."""
    named = rosters.named.get((window.id, day))
    calendar = rosters.calendar[day]
    on = duty_date(window, day, named, calendar)
    if on is None:
        return
    crew = window.crew if named is None else named
    why: tuple[Reason, ...] = (on,) if named is None or window.named_days else (on, ForThisDate())
    blank = Turn(0, window, day, due=False, why=why, provisional=calendar.provisional)
    blank = replace(blank, begin=minute_at(day, window.start), end=minute_at(day, window.end))
    found: dict[int, Turn] = {}
    for person, reasons, bar in _crew_on(crew, day, posts):
        barred = on if isinstance(on, DayOff) else bar
        whole = (barred,) if barred is not None else (*reasons, *why)
        leads = person in crew.leaders or any(
            isinstance(reason, ByPost) and reason.post in crew.leader_posts for reason in reasons
        )
        found[person] = replace(blank, person=person, due=barred is None, why=whole, leads=leads and barred is None)
    if named is not None and not window.named_days:
        # Whom the week would have given the window learns why it is not theirs.
        for person, _, bar in _crew_on(window.crew, day, posts):
            if bar is None and person not in found:
                found[person] = replace(blank, person=person, why=(OthersForThisDate(),))
    yield from (found[person] for person in sorted(found))


def duty_date(window: Window, day: dt.date, named: Crew | None, calendar: CalendarDay) -> Reason | None:
    """Return why a window is there on a date, or why it is off; None: it has nothing to do with the date."""
    if window.named_days:
        return None if named is None else OnNamedDay()
    if not window.in_season(day):
        return None
    weekday = day.isoweekday() in window.weekdays
    if not calendar.working:
        return DayOff(calendar.name, calendar.provisional) if weekday else None
    if not weekday and not window.weekdays >= MONDAY_TO_FRIDAY:
        return None
    if day.isoweekday() in MONDAY_TO_FRIDAY:
        return OnWorkingDay(calendar.provisional)
    return OnSwappedDay(calendar.name, calendar.provisional)


def rests(window: Window, day: dt.date, calendar: CalendarDay) -> bool:
    """Tell whether a window by the week is not there on a date, so that naming somebody for it would mean nothing."""
    if window.named_days:
        return False
    on = duty_date(window, day, None, calendar)
    return on is None or isinstance(on, DayOff)


def _crew_on(crew: Crew, day: dt.date, posts: _Posts) -> list[tuple[int, list[Reason], Reason | None]]:
    """Return each person of a crew, by what they are in it, and why they are not due all the same (None: they are)."""
    reasons: dict[int, list[Reason]] = {person: [] for person in crew.people}
    bars: dict[int, Reason | None] = {}
    for person in crew.people:
        bars[person] = posts.bar(person, day)
        if bars[person] is None:
            reasons[person].append(ByName())
    for post in sorted(crew.posts):
        for one in posts.of_post(post, day):
            bar = posts.bar(one.person, day)
            if one.state != "held":
                bars.setdefault(one.person, Away(one.state, post))
            elif bar is None:
                bars[one.person] = None
                reasons.setdefault(one.person, []).append(ByPost(post))
            else:
                bars.setdefault(one.person, bar)
    return [(person, reasons.get(person, []), bar) for person, bar in bars.items()]


def _swapped(turns: list[Turn], window: Window, day: dt.date, rosters: Rosters, posts: _Posts) -> list[Turn]:
    """Return the turns of a window after the swaps that were agreed before its start.

    Who takes it over and is then seconded, say, is not due. It does not fall back to who gave it away.
    """
    by_person = {turn.person: turn for turn in turns}
    start = minute_at(day, window.start)
    for swap in rosters.swaps.get((window.id, day), ()):
        mine, theirs = by_person.get(swap.giver), by_person.get(swap.taker)
        if swap.at >= start or mine is None or not mine.due or (theirs is not None and theirs.due):
            continue
        dated = tuple(reason for reason in mine.why if isinstance(reason, OnNamedDay | OnWorkingDay | OnSwappedDay))
        bar = posts.bar(swap.taker, day)
        why: tuple[Reason, ...] = (TookOver(swap.giver), *dated) if bar is None else (bar, TookOver(swap.giver))
        by_person[swap.taker] = replace(mine, person=swap.taker, due=bar is None, why=why, leads=mine.leads)
        by_person[swap.giver] = replace(mine, due=False, why=(HandedOver(swap.taker),), leads=False, share=Fraction(0))
    return [by_person[person] for person in sorted(by_person)]


def _after_notices(turn: Turn, rosters: Rosters) -> Turn:
    """Return a turn without what stop notices take of it."""
    reaching = [
        one
        for one in rosters.notices.get(turn.window.village, ())
        if one.begin < one.end and one.begin < turn.end and turn.begin < one.end
    ]
    if not reaching:
        return turn
    left = [(turn.begin, turn.end)]
    for one in reaching:
        pieces = [(a, min(b, one.begin)) for a, b in left] + [(max(a, one.end), b) for a, b in left]
        left = sorted((a, b) for a, b in pieces if a < b)
    if sum(b - a for a, b in left) < MIN_REST:
        longest = max(reaching, key=lambda one: min(one.end, turn.end) - max(one.begin, turn.begin))
        return replace(turn, due=False, why=(Stopped(longest), *turn.why), leads=False)
    cut = (CutByNotice(one) for one in reaching)
    return replace(turn, begin=left[0][0], end=left[-1][1], why=(*turn.why, *cut))


def _unless_overlapping(turn: Turn, busy: _Busy) -> Turn:
    """Return a turn that is due, or as one that is off because another window of the person stands at that time."""
    other = _stands_before(turn, busy)
    if other is None:
        return turn
    return replace(turn, due=False, why=(Overlaps(other.window.id), *turn.why), leads=False)


def _stands_before(turn: Turn, busy: _Busy) -> Turn | None:
    """Return the turn at the same time that stands before this one.

    The one of named days stands. Between two of one kind the rules are silent: the one that begins first stands.
    """
    meeting = _meeting(turn, busy)
    named = [other for other in meeting if other.window.named_days]
    if turn.window.named_days:
        meeting = named
    elif named:
        return min(named, key=_place)
    else:
        meeting = [other for other in meeting if not any(one.window.named_days for one in _meeting(other, busy))]
    earlier = [other for other in meeting if _place(other) < _place(turn)]
    return min(earlier, key=_place, default=None)


def _meeting(turn: Turn, busy: _Busy) -> list[Turn]:
    """Return the person's other turns that share a minute with this one, by the windows' whole time."""
    begin, end = _span(turn)
    found = []
    # A window lasts a day at most, so only those of the dates beside can reach this one.
    for day in (turn.day - _DAY, turn.day, turn.day + _DAY):
        for other in busy.get((turn.person, day), ()):
            other_begin, other_end = _span(other)
            if other_begin < end and begin < other_end and other is not turn:
                found.append(other)
    return found


def _span(turn: Turn) -> tuple[int, int]:
    return minute_at(turn.day, turn.window.start), minute_at(turn.day, turn.window.end)


def _place(turn: Turn) -> tuple[int, int]:
    return _span(turn)[0], turn.window.id
