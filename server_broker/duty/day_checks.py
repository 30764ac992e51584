"""What stands in the way of putting people into windows on single dates, and whom it concerns.

Whole months are checked at once, so everything is read by a number of queries that does not grow with the dates.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from django.utils import timezone

from server_broker.attendance.models import DaysKind, RosterDay, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import Dated
from server_broker.dated.writing import Period
from server_broker.duty.overlaps import Overlap
from server_broker.duty.values import Crew
from server_broker.people.models import HoldingRecord, Person, PersonRecord, Post
from server_broker.people.posts import held_in

NOBODY = Crew()
"""Takes back what was said of a date."""


class Cell(NamedTuple):
    """A window on one date."""

    window: int
    day: dt.date


type Said = Mapping[Cell, Crew]
"""Who is in a window on a date; `NOBODY` takes it back."""


class Obstacle(NamedTuple):
    """Why a cell can't be so. ``words`` are Chinese and say of whom they speak."""

    cell: Cell
    words: str
    overlap: Overlap | None = None


def crew_of(row: RosterDay | WindowRecord) -> Crew:
    """Return who is in a window by a dated row."""
    return Crew(frozenset(row.people), frozenset(row.posts), frozenset(row.leaders), frozenset(row.leader_posts))


def said_of(cells: Collection[Cell]) -> dict[Cell, Crew]:
    """Return what is said of these cells now; of the others nothing is."""
    wanted, days = set(cells), [cell.day for cell in cells]
    rows = RosterDay.objects.known().filter(
        subject__in={cell.window for cell in cells},
        valid_from__gte=begin_of(min(days)),
        valid_from__lt=end_of(max(days)),
        withdrawn=False,
    )
    found = {}
    for row in rows:
        assert row.valid_from is not None  # the table has no other
        cell = Cell(row.subject_id, timezone.localdate(row.valid_from))
        if cell in wanted:
            found[cell] = crew_of(row)
    return found


class DayChecks:
    """What is known of the windows, people and posts of some cells."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self.stood = said_of(said)
        days = [cell.day for cell in said]
        period = Period(begin_of(min(days)), end_of(max(days)))
        self._windows: dict[int, list[WindowRecord]] = defaultdict(list)
        rows = WindowRecord.objects.known().during(period.since, period.until).filter(ended=False)
        for row in rows.filter(subject__in={cell.window for cell in said}):
            self._windows[row.subject_id].append(row)
        crews = [*said.values(), *self.stood.values()]
        crews += [crew_of(row) for rows in self._windows.values() for row in rows]
        posts = {post for crew in crews for post in crew.posts}
        self._held: dict[int, list[HoldingRecord]] = defaultdict(list)
        for held in held_in(posts, period):
            self._held[held.subject.post_id].append(held)
        self._posts = set(Post.objects.filter(pk__in=posts).values_list("pk", flat=True))
        people = {person for crew in said.values() for person in crew.people}
        self._names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
        self._files: dict[int, list[PersonRecord]] = defaultdict(list)
        for file in PersonRecord.objects.known().filter(subject__in=people):
            self._files[file.subject_id].append(file)

    def window_on(self, cell: Cell) -> WindowRecord | None:
        """Return the window as it is on a date; None: it is not there."""
        return next((row for row in self._windows[cell.window] if _holds(row, begin_of(cell.day))), None)

    def obstacles(self) -> Iterator[Obstacle]:
        """Yield what stands in the way before it is asked whether windows overlap."""
        for cell, crew in self._said.items():
            yield from (Obstacle(cell, words) for words in self._of(cell, crew))

    def _of(self, cell: Cell, crew: Crew) -> Iterator[str]:
        if self.window_on(cell) is None:
            yield f"{cell.day} 没有这个值班"
            return
        if not crew.posts <= self._posts:
            yield "没有这个职务"
        if not crew.leaders <= crew.people or not crew.leader_posts <= crew.posts:
            yield "带班的人要先在这个值班里"
        for person in sorted(crew.people):
            yield from self._of_person(person, begin_of(cell.day))

    def _of_person(self, person: int, begin: dt.datetime) -> Iterator[str]:
        name, files = self._names.get(person), self._files[person]
        if name is None:
            yield "没有这个人员"
        elif any(file.left and (file.valid_to is None or file.valid_to > begin) for file in files):
            yield f"{name} 已离开或将要离开，请先办“回来”"
        elif not any(file.valid_from is None or file.valid_from <= begin for file in files):
            yield f"{name} 那时还不在册，请先改在册日期"

    def concerned(self) -> set[int]:
        """Return everybody who is in one of the cells before or after, by name or by post."""
        found: set[int] = set()
        for cell, crew in self._said.items():
            row = self.window_on(cell)
            weekly = crew_of(row) if row is not None and row.days == DaysKind.WEEKLY else NOBODY
            stood = self.stood.get(cell, weekly)
            found |= self._on_duty(crew, cell.day) | self._on_duty(stood, cell.day)
            if crew == NOBODY:
                found |= self._on_duty(weekly, cell.day)
        return found

    def _on_duty(self, crew: Crew, day: dt.date) -> set[int]:
        begin = begin_of(day)
        by_post = {held.subject.person_id for post in crew.posts for held in self._held[post] if _holds(held, begin)}
        return set(crew.people) | by_post

    def nobody_in(self, crew: Crew, day: dt.date) -> list[int]:
        """Return the posts of a crew that nobody holds on a date."""
        begin = begin_of(day)
        return [post for post in sorted(crew.posts) if not any(_holds(held, begin) for held in self._held[post])]


def _holds(row: Dated, at: dt.datetime) -> bool:
    return (row.valid_from is None or row.valid_from <= at) and (row.valid_to is None or row.valid_to > at)
