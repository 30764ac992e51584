"""Warn of a village whose people could not touch on several dates of a month (docs/rules.md, section 4)."""

import datetime as dt

from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils import timezone

from server_broker.duty.reading import these
from server_broker.fleet.alarm_codes import OFTEN_DOWN
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm, Station
from server_broker.settling.models import SettledWindow

DATES = 3
"""So many dates of one month with a window that is 停 raise an alarm."""
_SETTLED_AFTER = dt.timedelta(days=7)
"""So long after a month's end its last windows may still await other stations' records (section 3, Complete)."""


def warn_often_down(now: dt.datetime) -> int:
    """Raise an alarm for each station of such villages, and close those that no longer hold; return how many are open.

    It is about the month that runs, and during a week also about the one before.
    """
    today = timezone.localdate(now)
    stations = dict(Station.objects.filter(revoked_at=None).values_list("pk", "village__identity"))
    dates = _dates_of_villages((today - _SETTLED_AFTER).replace(day=1))
    calls = [
        AlarmCall(station, OFTEN_DOWN, "minor", _words(dates[village]))
        for station, village in stations.items()
        if village in dates
    ]
    raise_alarms(calls, at=now)
    over = Alarm.objects.filter(origin="county", code=OFTEN_DOWN, resolved_at=None)
    over.exclude(station__in=[call.station for call in calls]).update(resolved_at=now)
    return len(calls)


def _dates_of_villages(first: dt.date) -> dict[int, list[dt.date]]:
    """Return the dates with 停 of each village, of each month that has enough of them."""
    stopped = SettledWindow.objects.current().filter(result="停", day__gte=first)
    months = stopped.annotate(month=TruncMonth("day")).values("village", "month")
    counted = months.annotate(dates=Count("day", distinct=True)).filter(dates__gte=DATES)
    enough = {(int(village), month) for village, month in counted.values_list("village", "month")}
    found: dict[int, list[dt.date]] = {}
    of_villages = stopped.filter(village=these({village for village, _ in enough}))
    for village, day in of_villages.values_list("village", "day").distinct().order_by("day"):
        if (int(village), day.replace(day=1)) in enough:
            found.setdefault(int(village), []).append(day)
    return found


def _words(dates: list[dt.date]) -> str:
    named = "、".join(f"{day.month}月{day.day}日" for day in dates)
    return f"{named}有班因为站点停用打不了卡"
