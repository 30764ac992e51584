"""Windows, posts and swaps with the time from which the county has known them without a break.

Rows are recorded anew where a neighbouring time is changed, and that says nothing new of the rest. So it is asked of
each date since when, by all versions of the rows, somebody was in the window.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from django.db.models import F

from server_broker.attendance.models import RosterDay, WindowRecord
from server_broker.dated.days import begin_of
from server_broker.duty.reading import Asked, read_rosters, these
from server_broker.duty.values import Crew, Days, Held, Rosters, Window
from server_broker.people.models import HoldingRecord, HoldingState
from server_broker.settlement import values
from server_broker.settlement.times import ALWAYS, Moment
from server_broker.settlement.times import begin_of as moment_of_minute
from server_broker.settling.moments import minute_of_duty, moment, moment_or_never
from server_broker.settling.span import Span

_DAY = dt.timedelta(days=1)
_LEFT = "已离开"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on which roster, as values of the rules, and whom it concerns."""

    rosters: Rosters
    people: frozenset[int]
    """Those who have something to do with a window of the villages asked for."""
    windows: tuple[values.RosterWindow, ...]
    holdings: tuple[values.Holding, ...]
    away: tuple[values.Away, ...]
    swaps: tuple[values.Swap, ...]
    starts: Mapping[tuple[int, dt.date], int]
    """When each window starts on a date, in minutes after midnight."""

    @property
    def villages(self) -> frozenset[int]:
        """The villages of all windows of these people."""
        return frozenset(window.village for window in self.rosters.windows)


def duty_in(villages: Collection[int], span: Span) -> Duty:
    """Return the duty of everybody in these villages, with their windows elsewhere."""
    rosters = read_rosters(villages, Asked(span.first, span.last, span.known))
    people = _people(rosters, frozenset(villages))
    turns = _Windows(rosters, span, people)
    held = _Posts(rosters.holdings, span)
    segments = list(turns.segments())
    return Duty(
        rosters=rosters,
        people=people,
        windows=tuple(window for segment in segments for window in _roster_windows(segment)),
        holdings=(*held.holdings(), *(one for segment in segments for one in _of_posts(segment, held, people))),
        away=tuple(_away(rosters, span)),
        swaps=tuple(_swaps(rosters, turns.starts)),
        starts=turns.starts,
    )


def _people(rosters: Rosters, villages: frozenset[int]) -> frozenset[int]:
    here = {window.id for window in rosters.windows if window.village in villages}
    crews = [window.crew for window in rosters.windows if window.id in here]
    crews += [crew for (window, _), crew in rosters.named.items() if window in here]
    posts = {post for crew in crews for post in crew.posts}
    found = {person for crew in crews for person in crew.people}
    found |= {one.person for one in rosters.holdings if one.post in posts}
    found |= {person for swaps in rosters.swaps.values() for swap in swaps for person in (swap.giver, swap.taker)}
    return frozenset(found)


class _Version(NamedTuple):
    """A row as the county had it from a moment to a moment, and the time that it is about."""

    recorded: Moment
    superseded: Moment
    since: dt.datetime | None
    until: dt.datetime | None
    row: WindowRecord | RosterDay | HoldingRecord

    def covers(self, at: dt.datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def _versions[Key](
    rows: Iterable[WindowRecord] | Iterable[RosterDay] | Iterable[HoldingRecord],
    key: Callable[[WindowRecord | RosterDay | HoldingRecord], Key],
) -> dict[Key, list[_Version]]:
    found: dict[Key, list[_Version]] = defaultdict(list)
    for row in rows:
        recorded, superseded = moment(row.recorded_at), moment_or_never(row.superseded_at)
        found[key(row)].append(_Version(recorded, superseded, row.valid_from, row.valid_to, row))
    return found


def _known_since(versions: Sequence[_Version], holds: Callable[[Moment], bool], at: Moment) -> Moment:
    """Return since when something holds without a break up to ``at``, at which it does."""
    turns = sorted({turn for one in versions for turn in (one.recorded, one.superseded) if turn <= at}, reverse=True)
    since = at
    for turn in turns:
        if not holds(turn):
            break
        since = turn
    return since


@dataclass(frozen=True, slots=True)
class _Segment:
    """A window on some dates on which it and what is known of it are the same."""

    window: Window
    first: dt.date
    days: frozenset[dt.date]
    people: Mapping[int, Moment]
    """Who is named in it, and since when that is known."""
    posts: Mapping[int, Moment]

    @property
    def last(self) -> dt.date:
        """The last of the dates, which follow one another for a window by the week."""
        return max(self.days)


class _Windows:
    """The windows date by date."""

    def __init__(self, rosters: Rosters, span: Span, people: frozenset[int]) -> None:
        self._rosters = rosters
        self._at = span.at
        self._days = [(day, begin_of(day)) for day in span.around]
        self._people = people
        ids = these({window.id for window in rosters.windows})
        known = {"recorded_at__lte": span.known}
        rows = WindowRecord.objects.filter(subject=ids, **known).order_by(F("valid_from").asc(nulls_first=True))
        self._weekly = _versions(rows, lambda row: row.subject_id)
        named = RosterDay.objects.filter(subject=ids, valid_from__gte=span.since, valid_from__lt=span.until, **known)
        self._named = _versions(named, lambda row: (row.subject_id, row.valid_from))
        self.starts: dict[tuple[int, dt.date], int] = {}

    def segments(self) -> Iterator[_Segment]:
        """Yield the windows with the dates on which they are the same."""
        for window in self._rosters.windows:
            current: _Segment | None = None
            for day, begin in self._days:
                made = self._on(window, day, begin)
                if made is None:
                    continue
                if current is not None and _go_together(current, made):
                    current = _Segment(window, current.first, current.days | made.days, made.people, made.posts)
                    continue
                if current is not None:
                    yield current
                current = made
            if current is not None:
                yield current

    def _on(self, window: Window, day: dt.date, begin: dt.datetime) -> _Segment | None:
        """Return a window on one date; None: it is not there."""
        if day not in window.days:
            return None
        named = self._rosters.named.get((window.id, day))
        if (window.named_days and named is None) or not window.in_season(day):
            return None
        self.starts[window.id, day] = window.start
        crew = window.crew if named is None else named
        weekly = [one for one in self._weekly[window.id] if one.covers(begin)]
        of_day = self._named.get((window.id, begin), [])
        people = [one for one in crew.people if one in self._people]
        if len(weekly) == 1 and not of_day:
            known = weekly[0].recorded
            return _Segment(
                window, day, frozenset({day}), dict.fromkeys(people, known), dict.fromkeys(crew.posts, known)
            )
        then = _Then(window, weekly, of_day)
        since = {who: _known_since([*weekly, *of_day], partial(then.names, who), self._at) for who in people}
        posts = {post: _known_since([*weekly, *of_day], partial(then.is_for, post), self._at) for post in crew.posts}
        return _Segment(window, day, frozenset({day}), since, posts)


def _go_together(one: _Segment, other: _Segment) -> bool:
    follows = one.window.named_days or other.first == one.last + _DAY
    return follows and (one.people, one.posts) == (other.people, other.posts)


class _Then:
    """Who was in a window on one date by what the county knew at a moment."""

    def __init__(self, window: Window, weekly: Sequence[_Version], of_day: Sequence[_Version]) -> None:
        self._window = window
        self._weekly = weekly
        self._of_day = of_day

    def names(self, person: int, at: Moment) -> bool:
        """Tell whether somebody was in it by name."""
        return person in self.crew(at).people

    def is_for(self, post: int, at: Moment) -> bool:
        """Tell whether it was for the holders of a post."""
        return post in self.crew(at).posts

    def crew(self, at: Moment) -> Crew:
        """Return the crew; nobody if the window was not there, or at another time of the day."""
        window = _row_at(self._weekly, at)
        if not isinstance(window, WindowRecord) or window.ended:
            return Crew()
        if (window.start, window.end) != (self._window.start, self._window.end):
            return Crew()
        day = _row_at(self._of_day, at)
        if isinstance(day, RosterDay) and not day.withdrawn:
            return Crew(frozenset(day.people), frozenset(day.posts))
        return Crew() if self._window.named_days else Crew(frozenset(window.people), frozenset(window.posts))


def _row_at(versions: Iterable[_Version], at: Moment) -> WindowRecord | RosterDay | HoldingRecord | None:
    return next((one.row for one in versions if one.recorded <= at < one.superseded), None)


def _roster_windows(segment: _Segment) -> Iterator[values.RosterWindow]:
    """Yield a window for those who are named, by since when that is known, and one for all its posts."""
    by_known: dict[Moment, set[str]] = defaultdict(set)
    for person, known in segment.people.items():
        by_known[known].add(str(person))
    for known, people in sorted(by_known.items()):
        yield _roster_window(segment, known, frozenset(people), None)
    if segment.posts:
        yield _roster_window(segment, ALWAYS, frozenset(), _post_of(segment))


def _post_of(segment: _Segment) -> str:
    """Return a post of this window alone, which everybody holds who is in it by a post."""
    return f"{segment.window.id}@{segment.first}"


def _roster_window(segment: _Segment, known: Moment, people: frozenset[str], post: str | None) -> values.RosterWindow:
    window = segment.window
    return values.RosterWindow(
        known=known,
        roster=str(window.village),
        village=str(window.village),
        start=window.start,
        end=window.end,
        persons=people,
        post=post,
        weekdays=frozenset() if window.named_days else window.weekdays,
        dates=segment.days if window.named_days else frozenset(),
        first=segment.first,
        last=segment.last,
        marks=window.marks,
    )


def _of_posts(segment: _Segment, posts: "_Posts", people: frozenset[int]) -> Iterator[values.Holding]:
    """Yield who is in a window by a post and not by name, from which date to which."""
    for post, known in sorted(segment.posts.items()):
        for one in posts.of(post):
            if one.person in people and one.person not in segment.people:
                yield values.Holding(
                    known=max(one.known, known),
                    post=_post_of(segment),
                    person=str(one.person),
                    first=one.first,
                    last=one.last,
                )


class _Held(NamedTuple):
    """Somebody holds a post on some dates, in whatever way, and since when the county knows it."""

    person: int
    post: int
    state: str
    first: dt.date
    last: dt.date
    known: Moment


class _Posts:
    """Who holds which post, with since when that is known."""

    def __init__(self, holdings: Iterable[Held], span: Span) -> None:
        self._span = span
        listed = list(holdings)
        rows = HoldingRecord.objects.filter(
            subject__person=these({one.person for one in listed}), recorded_at__lte=span.known
        ).select_related("subject")
        self._versions = _versions(rows, _person_and_post)
        self._days = [(day, begin_of(day)) for day in span.around]
        self._held = [piece for one in listed for piece in self._pieces(one)]
        self._of_post: dict[int, list[_Held]] = defaultdict(list)
        for one in self._held:
            self._of_post[one.post].append(one)

    def of(self, post: int) -> list[_Held]:
        """Return who holds a post, also who is away from it: they are told that they are off."""
        return self._of_post.get(post, [])

    def holdings(self) -> Iterator[values.Holding]:
        """Yield the posts that somebody holds and is not away from."""
        for one in self._held:
            if one.state == HoldingState.HELD:
                yield values.Holding(
                    known=one.known, post=str(one.post), person=str(one.person), first=one.first, last=one.last
                )

    def _pieces(self, one: Held) -> Iterator[_Held]:
        """Yield a holding in pieces of dates of which it is known since the same moment."""
        versions = self._versions[one.person, one.post]
        first, last = _dates(one.days)
        if len(versions) == 1:
            yield _Held(one.person, one.post, one.state, first, last, versions[0].recorded)
            return
        piece: _Held | None = None
        for day, begin in self._days:
            if day not in one.days:
                continue
            of_day = [version for version in versions if version.covers(begin)]
            known = _known_since(of_day, partial(_is, one.state, of_day), self._span.at)
            if piece is not None and piece.known == known:
                piece = piece._replace(last=day)
                continue
            if piece is not None:
                yield piece
            piece = _Held(one.person, one.post, one.state, day, day, known)
        # Of other dates it only matters that they have posts at all.
        yield piece or _Held(one.person, one.post, one.state, first, last, ALWAYS)


def _person_and_post(row: WindowRecord | RosterDay | HoldingRecord) -> tuple[int, int]:
    assert isinstance(row, HoldingRecord)
    return row.subject.person_id, row.subject.post_id


def _is(state: str, versions: Iterable[_Version], at: Moment) -> bool:
    row = _row_at(versions, at)
    return isinstance(row, HoldingRecord) and row.state == state


def _dates(days: Days) -> tuple[dt.date, dt.date]:
    return days.first or dt.date.min, dt.date.max if days.until is None else days.until - _DAY


def _away(rosters: Rosters, span: Span) -> Iterator[values.Away]:
    """Yield the dates on which people are away from all their posts, or not on the county's list at all."""
    of_person: dict[int, list[Held]] = defaultdict(list)
    for one in rosters.holdings:
        of_person[one.person].append(one)
    for person, held in of_person.items():
        if all(one.state == HoldingState.HELD for one in held):
            continue
        for day in span.around:
            today = [one for one in held if day in one.days]
            if today and not any(one.state == HoldingState.HELD for one in today):
                kind = HoldingState(min(today, key=lambda one: (one.post, one.state)).state).label
                yield values.Away(person=str(person), kind=str(kind), first=day, last=day)
    for person, stretches in rosters.left.items():
        for days in stretches:
            first, last = _dates(days)
            yield values.Away(person=str(person), kind=_LEFT, first=first, last=last)


def _swaps(rosters: Rosters, starts: Mapping[tuple[int, dt.date], int]) -> Iterator[values.Swap]:
    for (window, day), agreed in rosters.swaps.items():
        start = starts.get((window, day))
        if start is None:
            continue
        for one in agreed:
            at = moment_of_minute(minute_of_duty(one.at))
            words = tuple(values.Agreement(by=str(person), at=at) for person in (one.giver, one.taker))
            yield values.Swap(date=day, start=start, giver=str(one.giver), taker=str(one.taker), agreed=words)
