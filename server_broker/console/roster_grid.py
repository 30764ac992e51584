"""A village's windows in a month as a grid: who is in each on each date, by the week or because somebody said so."""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import RosterDay
from server_broker.attendance.times import times
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.dated.days import begin_of, end_of
from server_broker.duty.day_checks import Cell, crew_of
from server_broker.duty.due import rests
from server_broker.duty.reading import Absent, Asked, absences_of, minute_of, read_rosters
from server_broker.duty.values import Agreed, Crew, Rosters, Window, minute_at
from server_broker.regions.models import TOWNSHIP_DIGITS, Region

KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
"""The keys that choose the first so many people."""
_LEADS = "!"
_POST = "p"


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody, or a post, that may be put into a window. ``key`` chooses it; empty: only the list does."""

    code: str
    name: str
    more: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class GridDay:
    """A column."""

    day: dt.date
    working: bool
    name: str
    provisional: bool
    stopped: bool
    is_today: bool

    @property
    def swapped(self) -> bool:
        """A Saturday or Sunday on which people work (调休)."""
        return self.working and self.day.isoweekday() > 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One of those in a cell, as it is read."""

    name: str
    leads: bool = False
    away: bool = False


@dataclass(slots=True)
class GridCell:
    """A window on one date.

    Attributes:
        said: Who was said to be in it, as a code (`code_of`); empty: nothing was said.
        week: Who is in it by the week.
        state: ``open``: people may be put here; ``off``: the weekly window is off; ``gone``: it is not there.
        more: How many are in it besides whom the viewer does not see.
        away: Codes of those who are on leave or elsewhere at that time.
        late: It was said after the window had begun.
        swaps: Who handed it over to whom.
    """

    window: int
    day: GridDay
    said: str = ""
    week: str = ""
    state: str = "open"
    more: int = 0
    away: str = ""
    late: bool = False
    swaps: list[str] = field(default_factory=list)
    is_past: bool = False
    entries: list[Entry] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What names the cell in the page."""
        return f"{self.window}:{self.day.day}"


@dataclass(frozen=True, slots=True)
class GridRow:
    """A window."""

    window: int
    name: str
    times: str
    named: bool
    cells: list[GridCell]


@dataclass(frozen=True, slots=True)
class Grid:
    """A village's month."""

    days: list[GridDay]
    rows: list[GridRow]
    choices: list[Choice]
    names: dict[str, str]

    def by_day(self) -> Iterator[tuple[GridDay, list[tuple[GridRow, GridCell]]]]:
        """Yield the dates with their cells, for a narrow screen."""
        for number, day in enumerate(self.days):
            there = [(row, row.cells[number]) for row in self.rows]
            yield day, [(row, cell) for row, cell in there if cell.state == "open" or cell.said]


def code_of(crew: Crew) -> str:
    """Return a crew as text: ids of people, then of posts with a ``p``; whoever leads has a ``!``."""
    people = [f"{pk}{_LEADS if pk in crew.leaders else ''}" for pk in sorted(crew.people)]
    posts = [f"{_POST}{pk}{_LEADS if pk in crew.leader_posts else ''}" for pk in sorted(crew.posts)]
    return ",".join([*people, *posts])


def crew_in(code: str) -> Crew:
    """Return the crew of a text that `code_of` made.

    Raises:
        ValueError: It is no such text.
    """
    people: set[int] = set()
    posts: set[int] = set()
    leaders: set[int] = set()
    leader_posts: set[int] = set()
    for part in filter(None, code.split(",")):
        bare = part.removesuffix(_LEADS)
        number = bare.removeprefix(_POST)
        if not (number.isascii() and number.isdecimal() and len(number) < 16):
            raise ValueError("not a crew")
        mine, leading = (posts, leader_posts) if bare.startswith(_POST) else (people, leaders)
        mine.add(int(number))
        if part != bare:
            leading.add(int(number))
    return Crew(frozenset(people), frozenset(posts), frozenset(leaders), frozenset(leader_posts))


def seen_part(crew: Crew, people: Collection[int], posts: Collection[int]) -> Crew:
    """Return those of a crew whom a viewer sees."""
    return Crew(
        crew.people & set(people), crew.posts & set(posts), crew.leaders & set(people), crew.leader_posts & set(posts)
    )


def month_grid(viewer: Viewer, village: Region, month: dt.date) -> Grid:
    """Return a village's windows of the month that has the date ``month``."""
    first = month.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    asked = Asked(first, last)
    rosters = read_rosters([village.identity], asked)
    own = [window for window in rosters.windows if window.village == village.identity]
    ids = {window.id for window in own}
    said = {
        Cell(row.subject_id, timezone.localdate(row.valid_from)): row
        for row in RosterDay.objects.known().filter(
            subject__in=ids,
            valid_from__gte=begin_of(first),
            valid_from__lt=end_of(last),
            withdrawn=False,
        )
        if row.valid_from is not None
    }
    swapping = [
        Crew(frozenset({swap.giver, swap.taker}))
        for (window, _), swaps in rosters.swaps.items()
        for swap in swaps
        if window in ids
    ]
    crews = [*(window.crew for window in own), *map(crew_of, said.values()), *swapping]
    choices, names = _choices(viewer, village, crews)
    days = _days(rosters, village, first, last)
    people, posts = _people(names), {int(code.removeprefix(_POST)) for code in names if code.startswith(_POST)}
    making = _Making(rosters, said, names, absences_of(people, asked), (people, posts))
    seen = set(windows_of(viewer).filter(pk__in=ids).values_list("pk", flat=True))
    rows = [making.row(versions, days) for pk, versions in _versions(own) if pk in seen]
    return Grid(days, sorted(rows, key=lambda row: (row.times, row.name)), choices, names)


def _versions(windows: list[Window]) -> list[tuple[int, list[Window]]]:
    found: dict[int, list[Window]] = defaultdict(list)
    for window in windows:
        found[window.id].append(window)
    return list(found.items())


def _people(names: Mapping[str, str]) -> set[int]:
    return {int(code) for code in names if not code.startswith(_POST)}


def _days(rosters: Rosters, village: Region, first: dt.date, last: dt.date) -> list[GridDay]:
    today = timezone.localdate()
    notices = rosters.notices.get(village.identity, ())
    found = []
    for number in range((last - first).days + 1):
        day = first + dt.timedelta(days=number)
        said, begin, end = rosters.calendar[day], minute_at(day, 0), minute_at(day, 1440)
        stopped = any(one.begin < end and begin < one.end for one in notices)
        found.append(GridDay(day, said.working, said.name, said.provisional, stopped, day == today))
    return found


def _choices(viewer: Viewer, village: Region, crews: list[Crew]) -> tuple[list[Choice], dict[str, str]]:
    """Return who may be put into the village's windows, and the names of all whom the viewer sees in them.

    These are the village's people and posts, who is in one of the windows already, and the township's office, whose
    leaders lead in the villages.
    """
    there = {pk for crew in crews for pk in crew.people}
    office = village.code[:TOWNSHIP_DIGITS].ljust(12, "0")
    seen = people_of(viewer).filter(
        Q(village=village) | Q(village=office) | Q(pk__in=there), Q(left=False) | Q(pk__in=there)
    )
    people = sorted(seen.select_related("village"), key=lambda one: (one.village_id != village.code, one.number))
    posts = posts_of(viewer).filter(
        Q(unit__region=village, unit__ended=False) | Q(pk__in={pk for crew in crews for pk in crew.posts})
    )
    listed = [
        *(
            (
                str(one.pk),
                one.name,
                one.number if one.village_id == village.code else f"{one.number}，{one.village.name}",
            )
            for one in people
        ),
        *((f"{_POST}{post.pk}", post.title, post.unit.name) for post in posts),
    ]
    keys = [*KEYS, *([""] * len(listed))]
    choices = [Choice(code, name, more, key) for (code, name, more), key in zip(listed, keys, strict=False)]
    return choices, {one.code: one.name for one in choices}


@dataclass(frozen=True, slots=True)
class _Making:
    rosters: Rosters
    said: Mapping[Cell, RosterDay]
    names: Mapping[str, str]
    absences: Mapping[int, list[Absent]]
    seen: tuple[set[int], set[int]]
    """The ids of the people and posts that the viewer sees."""

    def row(self, versions: list[Window], days: list[GridDay]) -> GridRow:
        newest = versions[-1]
        cells = [self._cell(newest.id, versions, day) for day in days]
        return GridRow(newest.id, newest.name, times(newest.start, newest.end), newest.named_days, cells)

    def _cell(self, pk: int, versions: list[Window], day: GridDay) -> GridCell:
        cell = GridCell(pk, day)
        window = next((one for one in versions if day.day in one.days), None)
        if window is None:
            cell.state = "gone"
            return cell
        said = self.said.get(Cell(pk, day.day))
        crew = None if said is None else crew_of(said)
        start = minute_at(day.day, window.start)
        cell.is_past = start <= minute_of(timezone.now())
        cell.swaps = [self._swap(one) for one in self.rosters.swaps.get((pk, day.day), ()) if one.at < start]
        if not window.named_days:
            if rests(window, day.day, self.rosters.calendar[day.day]):
                cell.state = "off"
            else:
                cell.week = code_of(self._seen(window.crew))
        if crew is not None and said is not None:
            cell.said = code_of(self._seen(crew))
            cell.late = minute_of(said.recorded_at) > start
        shown = crew if crew is not None else window.crew if cell.week else Crew()
        cell.more = len(shown.people) + len(shown.posts) - len([*filter(None, code_of(self._seen(shown)).split(","))])
        end = minute_at(day.day, window.end)
        away = {
            str(pk) for pk in shown.people for one in self.absences.get(pk, ()) if one.begin < end and start < one.end
        }
        cell.away = ",".join(sorted(away & self.names.keys()))
        cell.entries = list(self._entries(cell))
        return cell

    def _swap(self, one: Agreed) -> str:
        giver, taker = (self.names.get(str(pk), "外") for pk in (one.giver, one.taker))
        return f"{giver}→{taker}"

    def _seen(self, crew: Crew) -> Crew:
        return seen_part(crew, *self.seen)

    def _entries(self, cell: GridCell) -> Iterator[Entry]:
        away = cell.away.split(",")
        listed = filter(None, (cell.said or cell.week).split(","))
        for part in sorted(listed, key=lambda part: not part.endswith(_LEADS)):
            code = part.removesuffix(_LEADS)
            yield Entry(self.names[code], part != code, code in away)
        if cell.more:
            yield Entry(f"外{cell.more}")
