"""The measurements, in a process of their own, so that its memory is its own: ``python -m …measuring``.

The folder of the county is in ``CUNHUI_HOME``. It prints a JSON list of figures on the last line.
"""

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.pages import officer_of, opened
from tests.benchmarks.settlement.memory import begin_counting, most_mb

if TYPE_CHECKING:
    from server_broker.accounts.models import User
    from server_broker.people.models import Person

TIMES = 3
_COPIED = """
INSERT INTO settling_settledwindow (village_id, person_id, day, start, place, result, kind, beside, late, early, flags,
    line, reason, share_numerator, share_denominator, leave_minutes, facts, awaited, rules, parameters, digest, due_at,
    known_at, settled_at, why)
SELECT village_id, person_id, d.day, start, place, result, kind, beside, late, early, flags, line, reason,
    share_numerator, share_denominator, leave_minutes, facts, awaited, rules, parameters, digest, NULL, known_at,
    settled_at, why
FROM settling_settledwindow s CROSS JOIN unnest(%s::date[]) AS d (day)
WHERE s.superseded_at IS NULL AND s.day = %s
ORDER BY d.day, village_id, person_id, start, place
ON CONFLICT DO NOTHING
"""
_COUNTED = """
INSERT INTO settling_daycount (village_id, day, judged, in_time)
SELECT village_id, day, count(*) FILTER (WHERE result IN ('√', '迟', '早', '缺', '旷')),
    count(*) FILTER (WHERE result = '√')
FROM settling_settledwindow WHERE superseded_at IS NULL GROUP BY village_id, day
ON CONFLICT DO NOTHING
"""
_AS_IF_UNSEEN = """UPDATE settling_lookedat l SET through = t.first - 1 FROM (
    SELECT s.id, min(t.seq) AS first FROM attendance_touch t
    JOIN fleet_stream s ON s.station_id = t.station_id AND s.epoch = t.epoch
    WHERE (t.wall AT TIME ZONE 'Asia/Shanghai')::date = %s GROUP BY s.id
) AS t WHERE t.id = l.stream_id"""


def main() -> int:
    """Measure, and print what was found."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    days = _days()
    _begin(days[0])
    figures = [*_county_days(days), _marked(days[-1]), _village_month(days), *_kept(days)]
    figures += [*_sheets(days[-1]), *_pages(days[-1])]
    print(json.dumps([figure.line() for figure in figures]))
    return 0


def _days() -> list[dt.date]:
    """Return the dates of which stations told something."""
    from server_broker.platform.sql import query  # noqa: PLC0415

    rows = query("SELECT DISTINCT (wall AT TIME ZONE 'Asia/Shanghai')::date FROM attendance_touch ORDER BY 1", [])
    return [day for (day,) in rows]


def _begin(first: dt.date) -> None:
    """Let the county have settled all that is due, so that only what is asked for is settled."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.settling.models import SettlingState  # noqa: PLC0415
    from server_broker.settling.seen import skip_facts  # noqa: PLC0415

    now = timezone.now()
    SettlingState.objects.create(since=first, through=timezone.localdate(now), timed_through=now)
    skip_facts()


def _county_days(days: list[dt.date]) -> list[Figure]:
    """Settle dates of the whole county: the last ones, of which all stations are awaited, and some of long ago.

    The median of each kind counts: the first one reads from the disk what the next ones have in memory.
    """
    from server_broker.settling.models import SettledWindow  # noqa: PLC0415

    found, detail = [], dict[str, Value]()
    begin_counting()
    middle = len(days) // 2
    for name, dates in (("recent", days[-TIMES:]), ("long_before", days[middle : middle + TIMES])):
        took = [_settle(_villages(), [day]) for day in dates]
        seconds, processor = sorted(took)[len(took) // 2]
        found.append(seconds)
        detail |= {f"{name}_s": round(seconds, 2), f"{name}_processor_s": round(processor, 2)}
    seconds = max(found)
    windows = SettledWindow.objects.filter(day=days[-1]).count()
    return [
        Figure(name="county_day_s", value=seconds, unit="s", goal=60.0, detail=detail | {"windows": windows}),
        Figure(name="county_day_most_mb", value=most_mb(), unit="MB"),
    ]


def _villages() -> list[int]:
    from server_broker.regions.models import Region  # noqa: PLC0415

    return list(Region.objects.exclude(code__endswith="000").order_by("code").values_list("identity", flat=True))


def _settle(villages: Iterable[int], days: Iterable[dt.date]) -> tuple[float, float]:
    """Settle these villages' dates as the chore does, and return how many seconds that took by clock and processor."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.settling.due import FIRST  # noqa: PLC0415
    from server_broker.settling.models import SettleDue  # noqa: PLC0415
    from server_broker.settling.rounds import settle_due  # noqa: PLC0415

    now, dates = timezone.now(), list(days)
    SettleDue.objects.bulk_create(
        [SettleDue(village_id=village, day=day, why=[FIRST], marked_at=now) for village in villages for day in dates]
    )
    began, worked = time.monotonic(), time.process_time()
    settle_due(now, rounds=100_000)
    return time.monotonic() - began, time.process_time() - worked


def _marked(day: dt.date) -> Figure:
    """Look at a day's facts of all stations as if they had just come, some times, and take the median: whatever has
    just come is in memory, and the first time it is not."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.platform.sql import execute  # noqa: PLC0415
    from server_broker.settling.models import SettleDue  # noqa: PLC0415
    from server_broker.settling.rounds import mark_due  # noqa: PLC0415

    took = []
    for _ in range(TIMES):
        execute(_AS_IF_UNSEEN, [day])
        began, worked, rounds = time.monotonic(), time.process_time(), 0
        while _unseen():
            mark_due(timezone.now())
            rounds += 1
        took.append((time.monotonic() - began, time.process_time() - worked))
        marks = SettleDue.objects.count()
        SettleDue.objects.all().delete()
    seconds, processor = sorted(took)[TIMES // 2]
    detail: dict[str, Value] = {"rounds": rounds, "marks": marks, "processor_s": round(processor, 2)}
    return Figure(name="county_day_marked_s", value=seconds, unit="s", detail=detail)


def _unseen() -> bool:
    from server_broker.platform.sql import query  # noqa: PLC0415

    return bool(
        query(
            """SELECT 1 FROM fleet_stream s JOIN settling_lookedat l ON l.stream_id = s.id
            WHERE s.through > l.through LIMIT 1""",
            [],
        )
    )


def _village_month(days: list[dt.date]) -> Figure:
    """Settle a village's month again, of some villages, and take the slowest."""
    begin_counting()
    month = [day for day in days if (day.year, day.month) == (days[-1].year, days[-1].month)]
    if len(month) < 15:
        before = month[0] - dt.timedelta(days=1)
        month = [day for day in days if (day.year, day.month) == (before.year, before.month)]
    villages = _villages()
    took = [_settle([village], month) for village in villages[:: max(1, len(villages) // 10)][:10]]
    seconds, processor = (sorted(some) for some in zip(*took, strict=True))
    detail: dict[str, Value] = {
        "dates": len(month),
        "median_s": round(seconds[len(seconds) // 2], 3),
        "median_processor_s": round(processor[len(processor) // 2], 3),
        "most_mb": most_mb(),
    }
    return Figure(name="village_month_s", value=seconds[-1], unit="s", goal=1.0, detail=detail)


def _kept(days: list[dt.date]) -> list[Figure]:
    """Keep results of the whole year: those of the date that was settled stand for the others.

    They are written day by day, as a county writes them, because where rows lie decides what a month's sheet reads.
    """
    from django.db import connection  # noqa: PLC0415

    from server_broker.platform.sql import execute, query  # noqa: PLC0415

    began = time.monotonic()
    execute(_COPIED, [days, days[len(days) // 2]])
    execute(_COUNTED, [])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE settling_settledwindow")
    [(rows, size)] = query("SELECT count(*), pg_table_size('settling_settledwindow') FROM settling_settledwindow", [])
    detail: dict[str, Value] = {"table_mb": round(size / 2**20), "written_in_s": round(time.monotonic() - began, 1)}
    return [Figure(name="kept_results", value=rows, unit="rows", detail=detail)]


def _sheets(last: dt.date) -> list[Figure]:
    """Write the workbooks of the last month: of the county, of a township, of a village."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.regions.models import Region  # noqa: PLC0415
    from server_broker.timesheets.hiding import everybody  # noqa: PLC0415
    from server_broker.timesheets.workbooks import county_book, township_book, village_book  # noqa: PLC0415

    month, now = f"{last:%Y-%m}", timezone.now()
    county = Region.objects.get(code__endswith="000000")
    township = Region.objects.filter(code__endswith="000").exclude(pk=county.pk).earliest("code")
    village = Region.objects.exclude(code__endswith="000").earliest("code")
    figures = []
    for name, make, goal in (
        ("county_month_sheet", lambda: county_book(county, month, now), 10.0),
        ("township_month_sheet", lambda: township_book(township, month, now, seen=everybody), 10.0),
        ("village_month_sheet", lambda: village_book(village, month, now, seen=everybody), None),
    ):
        begin_counting()
        content, seconds, processor = _timed(make)
        detail: dict[str, Value] = {"bytes": len(content), "processor_s": round(processor, 2), "most_mb": most_mb()}
        figures.append(Figure(name=f"{name}_s", value=seconds, unit="s", goal=goal, detail=detail))
    return figures


def _timed[T](do: Callable[[], T]) -> tuple[T, float, float]:
    """Return what it returns, and the median of some runs in seconds by clock and processor."""
    seconds, processor = [], []
    for _ in range(TIMES):
        began, worked = time.monotonic(), time.process_time()
        outcome = do()
        seconds.append(time.monotonic() - began)
        processor.append(time.process_time() - worked)
    return outcome, sorted(seconds)[TIMES // 2], sorted(processor)[TIMES // 2]


def _pages(last: dt.date) -> list[Figure]:
    """Open the pages of a month as officers of different townships do, and count their queries."""
    from server_broker.regions.models import Region  # noqa: PLC0415

    townships = list(Region.objects.filter(code__endswith="000").exclude(code__endswith="000000").order_by("code"))
    officers = [officer_of(township) for township in townships[:20]]
    county = officer_of(Region.objects.get(code__endswith="000000"))
    return [opened(name, path_of, officers, county) for name, path_of in _paths(f"{last:%Y-%m}").items()]


def _paths(month: str) -> dict[str, Callable[["User"], str]]:
    """Return the pages of a month by the name of their figure, each for the region of an officer."""
    from django.urls import reverse  # noqa: PLC0415

    from server_broker.people.models import Person  # noqa: PLC0415
    from server_broker.regions.models import subtree_prefix  # noqa: PLC0415

    def person_of(user: "User") -> Person:
        return Person.objects.filter(village__code__startswith=subtree_prefix(str(user.region_id))).earliest("number")

    def village_of(user: "User") -> str:
        return person_of(user).village_id

    return {
        "months_page": lambda user: f"{reverse('sheets')}?month={month}&place={user.region_id}",
        "sheet_page": lambda user: reverse("sheet", args=[village_of(user), month]),
        "charts_page": lambda user: f"{reverse('sheet-charts')}?month={month}&place={user.region_id}",
        "village_chart_page": lambda user: f"{reverse('sheet-charts')}?month={month}&place={village_of(user)}",
        "person_month_page": lambda user: reverse("person-month", args=[person_of(user).pk, month]),
        "why_page": lambda user: _why(person_of(user), month),
    }


def _why(person: "Person", month: str) -> str:
    """Return the page of a window of somebody's month."""
    from django.urls import reverse  # noqa: PLC0415

    from server_broker.settling.models import SettledWindow  # noqa: PLC0415

    row = SettledWindow.objects.current().filter(person=person, day__gte=f"{month}-01").earliest("day", "start")
    return reverse("settled-window", args=[person.village_id, person.pk, row.day, row.start])


if __name__ == "__main__":
    sys.exit(main())
