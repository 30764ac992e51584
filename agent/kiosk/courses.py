"""Which packs are required of a person, and which they may choose, by the county's ``courses``."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from agent.twin import Twin
from protocol.courses import Courses, Menu, concerns, counting_day
from protocol.units import DayText, PersonId, ShortText

NOTHING = Courses()
_TOWNSHIP = 9
"""Digits of a village's code that name its township (GB/T 10114)."""


class Course(NamedTuple):
    """What concerns one person."""

    required: Mapping[ShortText, DayText]
    """By pack, the last day by which it is required (`protocol.courses.counting_day`)."""
    menu: Menu | None
    colleagues: Mapping[ShortText, int]
    """By pack, how many people of the person's type chose it."""


class CourseBook:
    """Reads what the county says of courses. Used on the core thread only."""

    def __init__(self, *, twin: Twin, courses: Callable[[], Courses | None]) -> None:
        """
        Args:
            courses: Returns the county's newest word, or None.
        """
        self._twin = twin
        self._courses = courses

    def of(self, person: PersonId, today: date) -> Course:
        """Return what concerns a person.

        Args:
            today: The date, or a lower bound of it.
        """
        said = self._courses() or NOTHING
        type_, region = self._twin.type_of(person), self._region_of(person)
        days: dict[ShortText, list[DayText]] = defaultdict(list)
        for one in said.required:
            if concerns(one, type_=type_, region=region):
                days[one.pack].append(one.until)
        required = {pack: counting_day(listed, today.isoformat()) for pack, listed in days.items()}
        menu = next((one for one in said.menus if concerns(one, type_=type_, region=region)), None)
        return Course(required, menu, {one.pack: one.people for one in said.taken if one.type == type_})

    def _region_of(self, person: PersonId) -> str:
        """Return the code of the person's village. Of a guest a station knows the village's name alone, so for guests
        counts what concerns the whole township; what their own village asks they see at home."""
        region = self._twin.region
        return f"{region[:_TOWNSHIP]}000" if self._twin.village_of(person) else region
