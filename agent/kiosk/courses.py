"""Which packs are required of a person, and which they may choose, by the county's ``courses``."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.twin import Twin
from protocol.courses import Courses, Menu, concerns
from protocol.units import DayText, PersonId, ShortText

NOTHING = Courses()


class Course(NamedTuple):
    """What concerns one person."""

    required: Mapping[ShortText, DayText]
    """By pack, the first day by which it is required."""
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

    def of(self, person: PersonId) -> Course:
        """Return what concerns a person."""
        said = self._courses() or NOTHING
        type_, region = self._twin.type_of(person), self._twin.region
        required: dict[ShortText, DayText] = {}
        for one in said.required:
            if concerns(one, type_=type_, region=region):
                required[one.pack] = min(one.until, required.get(one.pack, one.until))
        menu = next((one for one in said.menus if concerns(one, type_=type_, region=region)), None)
        return Course(required, menu, {one.pack: one.people for one in said.taken if one.type == type_})
