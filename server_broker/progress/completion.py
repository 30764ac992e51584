"""Who has completed which required packs: for the person, for the secretary of their branch, and as shares of places.

A pack is complete when each level of its newest version has a star (docs/learning.md, 3.4).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from protocol.courses import counting_day
from server_broker.courses.models import Course, CourseKind
from server_broker.dated.models import AsOf
from server_broker.learning.marking import newest_levels
from server_broker.people.models import HoldingRecord, HoldingState, Person, UnitKind
from server_broker.platform.sql import query
from server_broker.progress.models import LEAST_SHOWN, ReachedLevel

_SECRETARY, _DEPUTY = "书记", "副书记"
_TENTHS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class RequiredPack:
    """A required pack as it is for one person."""

    pack: str
    until: dt.date
    levels: int
    reached: int
    """How many of the levels have a star."""
    completed_on: dt.date | None
    """None: not complete, or nobody knows when."""

    @property
    def is_complete(self) -> bool:
        """Whether each level has a star."""
        return self.levels > 0 and self.reached == self.levels


def required_of(people: Iterable[Person], now: dt.datetime) -> dict[int, list[RequiredPack]]:
    """Return what is required of each person, by key, in the order of the last days. The number of queries is fixed."""
    listed = list(people)
    today = timezone.localdate(now)
    courses = list(Course.objects.told(today).filter(kind=CourseKind.REQUIRED).select_related("region"))
    levels = newest_levels(row.packs[0] for row in courses)
    reached: dict[tuple[int, str], dict[str, dt.datetime | None]] = defaultdict(dict)
    rows = ReachedLevel.objects.filter(person__in=[person.pk for person in listed], pack__in=list(levels))
    for row in rows:
        reached[row.person_id, row.pack][row.level] = row.first_at
    return {
        person.pk: _of_person(person, courses, levels, {pack: reached[person.pk, pack] for pack in levels}, today)
        for person in listed
    }


def _of_person(
    person: Person,
    courses: Sequence[Course],
    levels: dict[str, list[str]],
    reached: dict[str, dict[str, dt.datetime | None]],
    today: dt.date,
) -> list[RequiredPack]:
    days: dict[str, list[dt.date]] = defaultdict(list)
    for row in courses:
        if row.until is not None and row.concerns(type_=person.type, village=person.village_id):
            days[row.packs[0]].append(row.until)
    last = {pack: counting_day(listed, today) for pack, listed in days.items()}
    found = []
    for pack, until in sorted(last.items(), key=lambda item: (item[1], item[0])):
        wanted = levels.get(pack, [])
        times = [reached[pack][level] for level in wanted if pack in reached and level in reached[pack]]
        known = [at for at in times if at is not None]
        is_dated = len(known) == len(wanted) > 0
        found.append(
            RequiredPack(pack, until, len(wanted), len(times), timezone.localdate(max(known)) if is_dated else None)
        )
    return found


def branches_led_by(person: Person, now: dt.datetime) -> list[int]:
    """Return the keys of the party branches of which somebody is the secretary."""
    held = HoldingRecord.objects.as_of(AsOf(now)).filter(
        subject__person=person,
        subject__post__unit__kind=UnitKind.BRANCH,
        subject__post__title__endswith=_SECRETARY,
        state=HoldingState.HELD,
    )
    return sorted(
        set(held.exclude(subject__post__title__endswith=_DEPUTY).values_list("subject__post__unit", flat=True))
    )


def members_of(branches: Collection[int], now: dt.datetime) -> list[Person]:
    """Return the people who hold a post of these branches, in the order of their numbers."""
    held = HoldingRecord.objects.as_of(AsOf(now)).filter(
        subject__post__unit__in=list(branches), state=HoldingState.HELD
    )
    people = Person.objects.filter(pk__in=held.values("subject__person"), left=False)
    return list(people.order_by("number"))


@dataclass(frozen=True, slots=True)
class TownshipShare:
    """Which share of those of whom a pack is required has completed it."""

    code: str
    percent: int | None
    """A whole number of tens from 10 to 90: neither nobody nor everybody is said of a township, and one person more or
    less hardly ever shows. None: fewer than ten people should."""

    @classmethod
    def of(cls, code: str, people: int, completed: int) -> "TownshipShare":
        """Return the share of a township, as coarse as it is shown."""
        if people < LEAST_SHOWN:
            return cls(code, None)
        return cls(code, min(90, max(10, 10 * round(10 * completed / people))))

    @property
    def said(self) -> str:
        """The share in words; empty if it is not shown."""
        match self.percent:
            case None:
                return ""
            case 10:
                return "一成或更少"
            case 90:
                return "九成或更多"
            case percent:
                return f"约{_TENTHS[percent // 10]}成"


_SHARES = """
WITH asked AS (
    SELECT p.id, left(p.village_id, 9) AS township,
        count(*) OVER (PARTITION BY left(p.village_id, 9), p.type, c.n) AS many
    FROM people_person p
    JOIN unnest(%(prefixes)s::text[], %(types)s::text[]) WITH ORDINALITY AS c (prefix, types, n)
        ON starts_with(p.village_id, c.prefix) AND (c.types = '' OR p.type = ANY(string_to_array(c.types, ' ')))
    WHERE NOT p.left AND left(p.village_id, 9) = ANY(%(townships)s)
), completed AS (
    SELECT person_id FROM progress_reachedlevel WHERE pack = %(pack)s AND level = ANY(%(levels)s)
    GROUP BY person_id HAVING count(*) = %(count)s
)
SELECT a.township, count(DISTINCT a.id) FILTER (WHERE a.many >= %(least)s),
    count(DISTINCT r.person_id) FILTER (WHERE a.many >= %(least)s)
FROM asked a LEFT JOIN completed r ON r.person_id = a.id GROUP BY 1 ORDER BY 1
"""
"""Of each requirement's people of one type only those count of whom there are enough, so that nobody finds out about
one person by requiring a pack of a few more."""


def shares_of(pack: str, townships: Collection[str], now: dt.datetime) -> list[TownshipShare]:
    """Return the shares of townships by code, in a fixed number of queries.

    Args:
        townships: The first nine digits of their codes.
    """
    told = Course.objects.told(timezone.localdate(now)).filter(kind=CourseKind.REQUIRED, packs=[pack])
    courses = list(told.select_related("region"))
    levels = newest_levels([pack]).get(pack, [])
    if not courses or not levels:
        return []
    rows = query(
        _SHARES,
        {
            "least": LEAST_SHOWN,
            "pack": pack,
            "levels": levels,
            "count": len(levels),
            "townships": sorted(townships),
            "prefixes": [row.prefix for row in courses],
            "types": [" ".join(row.types) for row in courses],
        },
    )
    return [TownshipShare.of(*row) for row in rows]
