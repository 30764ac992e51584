"""What a plan of many dates would change, as rows of a page: before and after, and what was entered after the start."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils import timezone

from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.timelines import Line, planned_lines, weekly_lines
from server_broker.console.deciding import Shown
from server_broker.console.queries import people_of
from server_broker.dated.days import begin_of

NOT_SAID = "没有另排"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A window on one date: who is in it before and after."""

    day: dt.date
    window: str
    before: str
    after: str
    late: bool
    """The window has begun: nothing negative follows from it (docs/rules.md, 3, line 6)."""


def lines_of(viewer: Viewer, windows: Collection[int], days: Collection[dt.date]) -> list[Line]:
    """Return what is said of these windows from the first of the dates to the last."""
    return planned_lines(windows, seen=people_of(viewer), first=min(days), last=max(days))


def plan_rows(viewer: Viewer, shown: Shown, windows: Collection[int]) -> list[PlanRow]:
    """Return the rows of a preview, by window and date. Where nothing is said of a date, the week says who is there."""
    starts = {
        f"{one.village.name} {one.name}": one.start
        for one in DutyWindow.ever.filter(pk__in=windows).select_related("village")
    }
    weekly = weekly_lines(windows, seen=people_of(viewer))
    before, after = ({(line.kind, line.since): line.what for line in lines} for lines in (shown.gone, shown.new))
    rows = []
    now = timezone.now()
    for kind, since in sorted(before.keys() | after.keys(), key=lambda key: (key[0], str(key[1]))):
        assert since is not None  # a date has a beginning
        day = timezone.localdate(since)
        late = begin_of(day) + dt.timedelta(minutes=starts.get(kind, 0)) <= now
        unsaid = _by_week(weekly, kind, since)
        rows.append(PlanRow(day, kind, before.get((kind, since), unsaid), after.get((kind, since), unsaid), late))
    return rows


def _by_week(weekly: Collection[Line], kind: str, at: dt.datetime) -> str:
    """Return who is in a window on a date of which nothing is said."""
    for line in weekly:
        if line.kind == kind and (line.since is None or line.since <= at) and (line.until is None or at < line.until):
            return f"按星期：{line.what}"
    return NOT_SAID


def plan_context(viewer: Viewer, shown: Shown, windows: Collection[int]) -> Mapping[str, object]:
    """Return what the page of a preview needs."""
    rows = plan_rows(viewer, shown, windows)
    return {"rows": rows, "late": sum(row.late for row in rows)}
