"""Whom a number named, and when: a number may have been changed since, and a station's list may be weeks old."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from server_broker.dated.timeline import row_at
from server_broker.people.models import Person, PersonRecord


@dataclass(frozen=True, slots=True)
class Numbers:
    """Some numbers and all rows of the people who ever had them, as known at one time, the oldest first."""

    of_number: dict[str, list[PersonRecord]]
    of_person: dict[int, list[PersonRecord]]

    def person(self, number: str, at: dt.datetime) -> Person | None:
        """Return whose number it was then.

        If it was nobody's, it is that of whoever had it last before, because a station that is offline goes on by its
        old list; and if nobody had it before, of whoever had it first.
        """
        row = row_at(self.of_number.get(number, ()), at)
        return None if row is None else row.subject

    def record(self, person: Person, at: dt.datetime) -> PersonRecord | None:
        """Return how the person was on file then. Before their first day they count as on it."""
        return row_at(self.of_person.get(person.pk, ()), at)

    def had_left(self, person: Person, at: dt.datetime) -> bool:
        """Tell whether the person had left by then."""
        row = self.record(person, at)
        return row is not None and row.left


def ever_somebodys(numbers: Iterable[str], *, but: Person | None = None) -> set[str]:
    """Return those of the numbers that somebody has, had or will have, also by a row that was corrected since.

    Such a number is never given to a second person: pay was reckoned by it, or a station may still have it on its list,
    and a touch by it that comes weeks late would count for the wrong one.

    Args:
        but: Whose own numbers don't count.
    """
    rows = PersonRecord.objects.filter(number__in=set(numbers))
    if but is not None:
        rows = rows.exclude(subject=but)
    return set(rows.values_list("number", flat=True))


def is_somebodys(number: str) -> str:
    """Return in Chinese that a number is not free. It names nobody, because its owner may be of another township."""
    return f"编号 {number} 是或曾是别人的，请换一个编号"


def numbers_of(numbers: Iterable[str], *, known: dt.datetime | None = None) -> Numbers:
    """Return whom these numbers named, as known at a time (None: now), in one query."""
    wanted = set(numbers)
    ever = PersonRecord.objects.filter(number__in=wanted).values("subject")
    rows = PersonRecord.objects.filter(subject__in=ever) if wanted else PersonRecord.objects.none()
    if known is not None:
        rows = rows.filter(recorded_at__lte=known)
    of_number, of_person = defaultdict(list), defaultdict(list)
    withdrawn: dict[str, list[PersonRecord]] = defaultdict(list)
    for row in rows.select_related("subject").order_by(F("valid_from").asc(nulls_first=True), "recorded_at"):
        if row.superseded_at is None or (known is not None and row.superseded_at > known):
            of_person[row.subject_id].append(row)
            of_number[row.number].append(row)
        else:
            withdrawn[row.number].append(row)
    # A wrong number that was corrected from the first day on never held. Stations had it on their lists all the same.
    # Both are of one person, because no second one is given it (`ever_somebodys`).
    return Numbers({**withdrawn, **of_number}, dict(of_person))
