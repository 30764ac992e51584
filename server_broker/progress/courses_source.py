"""Required packs and menus as a bundle for each station, with how many people chose what.

A station is told of all that concerns anybody of its township, because people go to each other's stations. How many
chose a pack is counted once a week, so that the bundle is not a new one each day; fewer than ten are not told.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils import timezone

from protocol.courses import Courses, Menu, Requirement
from protocol.courses import Taken as TakenSaid
from server_broker.bundles.computed import draft_for, end_of_computed
from server_broker.bundles.drafts import Draft
from server_broker.bundles.models import Bundle
from server_broker.courses.models import Course, CourseKind
from server_broker.fleet.models import Station
from server_broker.platform.sql import query
from server_broker.progress.models import LEAST_SHOWN, TakenPack, in_tens
from server_broker.regions.models import TOWNSHIP_DIGITS

COUNTED_EVERY = dt.timedelta(days=7)
_MOST_REQUIRED, _MOST_MENUS, _MOST_TAKEN = 500, 100, 2_000


def courses_drafts(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
    """Return by station what is required and offered; nothing if it never was told of any.

    The number of queries is fixed.
    """
    told = list(Course.objects.told(timezone.localdate(now)).select_related("region"))
    taken: dict[str, list[TakenSaid]] = {}
    for row in TakenPack.objects.order_by("pack", "type"):
        taken.setdefault(row.pack, []).append(TakenSaid(pack=row.pack, type=row.type, people=row.people))
    had = set(Bundle.objects.filter(kind="courses", station__in=stations).values_list("station", flat=True))
    return {station.pk: _drafts(station, told, taken, now, had=station.pk in had) for station in stations}


def _drafts(
    station: Station,
    told: Sequence[Course],
    taken: Mapping[str, Sequence[TakenSaid]],
    now: dt.datetime,
    *,
    had: bool,
) -> list[Draft]:
    township = station.village_id[:TOWNSHIP_DIGITS]
    here = [row for row in told if row.prefix.startswith(township) or township.startswith(row.prefix)]
    if not here and not had:
        return []
    menus = [row for row in here if row.kind == CourseKind.MENU][:_MOST_MENUS]
    offered = sorted({pack for row in menus for pack in row.packs})
    courses = Courses(
        required=[_requirement(row) for row in here if row.kind == CourseKind.REQUIRED][:_MOST_REQUIRED],
        menus=[_menu(row) for row in menus],
        taken=[said for pack in offered for said in taken.get(pack, ())][:_MOST_TAKEN],
    )
    return [draft_for(station, "courses", "必学和选学", courses, not_after=end_of_computed(now))]


def _requirement(row: Course) -> Requirement:
    assert row.until is not None  # the database sees to it
    return Requirement(pack=row.packs[0], until=row.until.isoformat(), types=row.types, regions=_regions(row))


def _menu(row: Course) -> Menu:
    assert row.choose is not None  # the database sees to it
    return Menu(title=row.title, choose=row.choose, packs=row.packs, types=row.types, regions=_regions(row))


def _regions(row: Course) -> list[str]:
    return [row.prefix] if row.prefix else []


def count_taken() -> None:
    """Count who has chosen what, by type of people, in tens, so that nobody's choice is found out by the difference."""
    rows = query(
        """SELECT c.pack, p.type, count(*) FROM progress_chosenpack c JOIN people_person p ON p.id = c.person_id
        WHERE NOT p.left GROUP BY 1, 2 HAVING count(*) >= %s ORDER BY 1, 2""",
        [LEAST_SHOWN],
    )
    TakenPack.objects.all().delete()
    TakenPack.objects.bulk_create(
        TakenPack(pack=pack, type=type_, people=in_tens(people)) for pack, type_, people in rows
    )
