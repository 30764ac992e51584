"""Load what bears on who is due, as of any time, by a number of queries that does not grow with villages or dates.

Somebody may be in windows of several villages, and two at the same time are an exception. So the windows elsewhere of
the people asked for are loaded too.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from server_broker.attendance.models import DaysKind, RosterDay, SwapRecord, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import DatedQuerySet
from server_broker.duty.due import Turn, due_between
from server_broker.duty.models import AbsenceRecord
from server_broker.duty.values import Agreed, CalendarDay, Crew, Days, Held, Notice, Rosters, Window, minute_at
from server_broker.people.models import HoldingRecord, HoldingState, PersonRecord
from server_broker.regions.models import RegionRecord
from server_broker.workdays.days import workdays
from server_broker.workdays.notices import stops

_REACH = dt.timedelta(days=2)
"""Windows past midnight of the dates beside may overlap (`due_between`)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Dates from ``first`` to ``last``, as the county knew it at ``known`` (None: knows now)."""

    first: dt.date
    last: dt.date
    known: dt.datetime | None = None

    @property
    def since(self) -> dt.datetime:
        """The first moment that may bear on the answer."""
        return begin_of(self.first - _REACH)

    @property
    def until(self) -> dt.datetime:
        """The first moment after all that may bear on the answer."""
        return end_of(self.last + _REACH)


class _AnyOf(Value):
    """What equals each of some ids.

    It is a `Value` because Django puts every other expression in brackets, which ``ANY`` does not bear.
    """

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Return the SQL and its one parameter."""
        return "ANY(%s::bigint[])", [self.value]


def these(ids: Iterable[int]) -> Value:
    """Return what equals each of these ids, as one value: thousands of them take longer to bind than the query takes.

    PostgreSQL sees how many there are, which it does not of a list that a sub-query gives.
    """
    return _AnyOf(sorted(ids))


class _HasAny(Func):
    """Whether a row's list has any of some ids: once per row, however many ids there are.

    ``&&`` compares every id of the row with every one of a list: with the 24,000 people of four large counties that
    takes seconds for each thousand rows. PostgreSQL looks a list of constants up in a hash table for ``= ANY``.
    """

    template = "EXISTS (SELECT FROM unnest(%(expressions)s)"
    arg_joiner = ") AS one WHERE one = "
    output_field = BooleanField()


def naming(people: Iterable[int], posts: Iterable[int]) -> Q:
    """Return the filter for rows with a crew (windows, named days) in which any of these people or posts is."""
    return Q(_HasAny(F("people"), these(people))) | Q(_HasAny(F("posts"), these(posts)))


def turns_in(villages: Collection[int], asked: Asked) -> list[Turn]:
    """Return the turns of the windows of these villages (identities of regions), by date and window."""
    rosters = read_rosters(villages, asked)
    wanted = frozenset(villages)
    return [turn for turn in due_between(asked.first, asked.last, rosters) if turn.window.village in wanted]


def turns_of(people: Collection[int], asked: Asked) -> list[Turn]:
    """Return the turns of these people (ids) in whatever village, by date and window."""
    wanted = frozenset(people)
    turns = due_between(asked.first, asked.last, read_rosters_of(people, asked))
    return [turn for turn in turns if turn.person in wanted]


def read_rosters_of(people: Collection[int], asked: Asked) -> Rosters:
    """Return all that bears on who is due in the windows in which these people (ids) are, by whatever way."""
    found = _Found(asked)
    found.add(_windows_of(people, asked))
    return _rosters(found)


def read_rosters(villages: Collection[int], asked: Asked) -> Rosters:
    """Return all that bears on who is due in these villages, with the windows elsewhere of the same people."""
    found = _Found(asked)
    found.add(_windows(asked).filter(village=these(villages)))
    of_posts = _holdings(asked).filter(subject__post=these(found.posts)).values_list("subject__person", flat=True)
    elsewhere = _windows_of(found.people | set(of_posts), asked)
    found.add(elsewhere.exclude(subject=these(found.ids)))
    return _rosters(found)


def _rosters(found: "_Found") -> Rosters:
    """Return the windows that were found with the posts, dates and notices that bear on them."""
    asked = found.asked
    of_posts = _holdings(asked).filter(subject__post=these(found.posts)).values_list("subject__person", flat=True)
    people = found.people | set(of_posts)
    calendar = workdays(asked.first - _REACH, asked.last + _REACH, known=asked.known)
    return Rosters(
        calendar={day: CalendarDay(one.working, one.provisional, one.name) for day, one in calendar.items()},
        windows=found.windows,
        named=found.named,
        swaps=found.swaps,
        holdings=_held(people, asked),
        left=_left(people, asked),
        notices=_notices({window.village for window in found.windows}, asked),
    )


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody is away in ``[begin, end)``, in local minutes (`values.minute_at`)."""

    kind: str
    code: str
    begin: int
    end: int


def absences_of(people: Collection[int], asked: Asked) -> dict[int, list[Absent]]:
    """Return when these people are away on these dates, and why, by one query."""
    rows = AbsenceRecord.objects.known(asked.known).during(asked.since, asked.until).filter(ended=False)
    found: dict[int, list[Absent]] = defaultdict(list)
    own = rows.filter(subject__person=these(people)).order_by("valid_from", "pk")
    for person, kind, code, since, until in own.values_list(
        "subject__person", "subject__kind", "code", "valid_from", "valid_to"
    ):
        begin, end = minute_of(since or asked.since), minute_of(until or asked.until)
        found[person].append(Absent(kind, code, begin, end))
    return found


@dataclass
class _Found:
    """The windows that were loaded, with their named days and swaps."""

    asked: Asked
    windows: list[Window] = field(default_factory=list)
    named: dict[tuple[int, dt.date], Crew] = field(default_factory=dict)
    swaps: dict[tuple[int, dt.date], list[Agreed]] = field(default_factory=dict)

    def add(self, rows: DatedQuerySet[WindowRecord]) -> None:
        """Load windows, by three queries."""
        self.windows += map(_window, rows.order_by("subject", F("valid_from").asc(nulls_first=True)))
        ids = these(self.ids)
        for row in _roster_days(self.asked).filter(subject=ids):
            assert row.valid_from is not None  # the table has no other
            self.named[row.subject_id, timezone.localdate(row.valid_from)] = _crew(row)
        self.swaps.clear()
        for swap in (
            _swaps(self.asked).filter(subject__window=ids).select_related("subject").order_by("agreed_at", "subject")
        ):
            one = swap.subject
            agreed = Agreed(one.giver_id, one.taker_id, minute_of(swap.agreed_at))
            self.swaps.setdefault((one.window_id, one.day), []).append(agreed)

    @property
    def ids(self) -> set[int]:
        """The windows' ids."""
        return {window.id for window in self.windows}

    @property
    def people(self) -> set[int]:
        """Everybody who is named, or takes a window over."""
        crews = [*(window.crew for window in self.windows), *self.named.values()]
        named = {person for crew in crews for person in crew.people}
        return named | {swap.taker for swaps in self.swaps.values() for swap in swaps}

    @property
    def posts(self) -> set[int]:
        """Every post that a window or a date is for."""
        crews = [*(window.crew for window in self.windows), *self.named.values()]
        return {post for crew in crews for post in crew.posts}


def _windows(asked: Asked) -> DatedQuerySet[WindowRecord]:
    rows: DatedQuerySet[WindowRecord] = WindowRecord.objects.known(asked.known).during(asked.since, asked.until)
    return rows.filter(ended=False)


def _roster_days(asked: Asked) -> DatedQuerySet[RosterDay]:
    rows: DatedQuerySet[RosterDay] = RosterDay.objects.known(asked.known)
    return rows.filter(valid_from__gte=asked.since, valid_from__lt=asked.until, withdrawn=False)


def _swaps(asked: Asked) -> DatedQuerySet[SwapRecord]:
    days = (asked.first - _REACH, asked.last + _REACH)
    rows: DatedQuerySet[SwapRecord] = SwapRecord.objects.known(asked.known).filter(subject__day__range=days)
    return rows.filter(withdrawn=False)


def _holdings(asked: Asked) -> DatedQuerySet[HoldingRecord]:
    rows: DatedQuerySet[HoldingRecord] = HoldingRecord.objects.known(asked.known)
    return rows.exclude(state=HoldingState.ENDED)


def _posts_of(people: Collection[int], asked: Asked) -> list[int]:
    own = _holdings(asked).during(asked.since, asked.until).filter(subject__person=these(people))
    return sorted(set(own.values_list("subject__post", flat=True)))


def named_for(people: Collection[int], asked: Asked) -> DatedQuerySet[RosterDay]:
    """Return the named days on which these people are in a window, by name or by post."""
    theirs = naming(people, _posts_of(people, asked))
    return _roster_days(asked).filter(theirs)


def swaps_of(people: Collection[int], asked: Asked) -> DatedQuerySet[SwapRecord]:
    """Return the swaps by which these people take a window over."""
    return _swaps(asked).filter(subject__taker=these(people))


def _windows_of(people: Collection[int], asked: Asked) -> DatedQuerySet[WindowRecord]:
    """Return the windows in which these people are, by whatever way."""
    theirs = naming(people, _posts_of(people, asked))
    by_day = named_for(people, asked).values("subject")
    by_swap = swaps_of(people, asked).values("subject__window")
    return _windows(asked).filter(theirs | Q(subject__in=by_day) | Q(subject__in=by_swap))


def _window(row: WindowRecord) -> Window:
    return Window(
        id=row.subject_id,
        village=row.village_id,
        name=row.name,
        start=row.start,
        end=row.end,
        crew=_crew(row),
        weekdays=frozenset(row.weekdays),
        named_days=row.days == DaysKind.NAMED,
        season=(row.season_from, row.season_to),
        marks=row.marks,
        days=_days(row.valid_from, row.valid_to),
    )


def _crew(row: WindowRecord | RosterDay) -> Crew:
    return Crew(frozenset(row.people), frozenset(row.posts), frozenset(row.leaders), frozenset(row.leader_posts))


def _days(since: dt.datetime | None, until: dt.datetime | None) -> Days:
    """Return the dates whose first moment lies in a period: what holds then holds for the whole date."""
    return Days(_date_from(since), _date_from(until))


def _date_from(at: dt.datetime | None) -> dt.date | None:
    if at is None:
        return None
    day = timezone.localdate(at)
    return day if begin_of(day) == at else day + dt.timedelta(days=1)


def minute_of(at: dt.datetime) -> int:
    """Return the local minute of a moment, as windows count them."""
    local = timezone.localtime(at)
    return minute_at(local.date(), local.hour * 60 + local.minute)


def _held(people: Iterable[int], asked: Asked) -> list[Held]:
    rows = _holdings(asked).filter(subject__person=these(people))
    found = rows.values_list("subject__person", "subject__post", "state", "valid_from", "valid_to")
    return [Held(person, post, state, _days(since, until)) for person, post, state, since, until in found]


def _left(people: Iterable[int], asked: Asked) -> dict[int, list[Days]]:
    rows = PersonRecord.objects.known(asked.known).during(asked.since, asked.until)
    found: dict[int, list[Days]] = defaultdict(list)
    gone = rows.filter(left=True, subject=these(people))
    for person, since, until in gone.values_list("subject", "valid_from", "valid_to"):
        found[person].append(_days(since, until))
    return found


def _notices(villages: Collection[int], asked: Asked) -> dict[int, list[Notice]]:
    """Return the notices that hold in each village. A village's code may change; each of its codes counts."""
    standing = stops(asked.first - _REACH, asked.last + _REACH, known=asked.known)
    if not standing:
        return {}
    codes: dict[int, set[str]] = defaultdict(set)
    rows = RegionRecord.objects.known(asked.known).during(asked.since, asked.until).filter(subject=these(villages))
    for village, code in rows.values_list("subject__identity", "code"):
        codes[village].add(code)
    found: dict[int, list[Notice]] = {}
    for village, its in codes.items():
        holding = [stop for stop in standing if any(code.startswith(stop.prefix) for code in its)]
        if holding:
            found[village] = [Notice(minute_of(stop.begin), minute_of(stop.end), stop.reason) for stop in holding]
    return found
