"""A person's windows as the lines of a sheet: one line or, with several windows a day, one for each part of it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server_broker.closing.month import PersonMonth
from server_broker.settlement.results import Result

_PARTS = ((12 * 60, "上午"), (18 * 60, "下午"), (24 * 60, "晚上"))
"""Up to which minute a window begins in a part of the day."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of somebody's month."""

    part: str
    """Of the day; empty where nobody has several windows on a date."""
    marks: Mapping[dt.date, str]


def part_of(start: int) -> str:
    """Return the part of the day in which a window begins, by its start in minutes after midnight."""
    return next(word for end, word in _PARTS if start < end)


def mark_of(result: Result) -> str:
    """Return what stands in a sheet for a result: its word, and the words beside it."""
    return result.result + "".join(result.beside)


def lines_of(people: Iterable[PersonMonth]) -> list[tuple[PersonMonth, list[Line]]]:
    """Return people with their lines; all have one each, or all have them by the parts of the day."""
    listed = list(people)
    by_parts = any(_has_several(person) for person in listed)
    return [(person, _lines(person, by_parts=by_parts)) for person in listed]


def _has_several(person: PersonMonth) -> bool:
    return len({one.result.day for one in person.windows}) < len(person.windows)


def _lines(person: PersonMonth, *, by_parts: bool) -> list[Line]:
    marks: dict[str, dict[dt.date, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in person.windows:
        part = part_of(one.result.start) if by_parts else ""
        marks[part][one.result.day].append(mark_of(one.result))
    order = [part for _, part in _PARTS if part in marks] if by_parts else list(marks)
    return [Line(part, {day: "/".join(words) for day, words in marks[part].items()}) for part in order]
