"""What can't be settled because the program fails over it, so that it keeps nobody else's results waiting.

Three things can be set aside: a station with the facts that were not looked at yet (`settling.seen`), a village's date
that is due (`settling.rounds`), and the note of a row that people or the intake wrote (`settling.changes`). Each is
tried again after `AGAIN`, a few in a round and each alone, until it works. A new version of the program may bring that.
Where a round ends before it has tried all of a village's dates that failed together (`platform.set_aside`), they are
set aside with the one that failed alone; as soon as one of what is set aside works, all of it is settled together
again.

Nothing is lost. A stream's mark does not go on, so its facts are looked at later. A date stays due and a note stays
there, until they were settled and read.

Nothing is concluded from what is set aside:

- To look at facts only says which dates are to be settled. Settling reads all facts by itself, also those that were not
  looked at. So nobody's touch is left out. But nobody knows any more which dates the facts change. So in the villages
  around the station all dates become due that they may change: from the first of the month before, because older months
  are closed as a rule, or from the last dated fact before its news if that is earlier. This is done when a station is
  set aside, and at each later try by which it has told more.
- If settling fails over the same facts, these dates stay due, and their old results stand. A month with a date that is
  due can't be shown, and to close one it is settled from the facts again (`server_broker.closing.closing`).
- A held fact is not read here. It stays held, and what it could belong to stays 待.

People are told by an alarm of the station, and by one of the county for dates and notes. Each ends when all of that
was settled.

Of a station that told very much a part is set aside without any failure (`settling.told.within_measure`). It has an
alarm of its own, which ends when for a day nothing was settled for which that station was not read whole.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping

from django.db import models, transaction
from django.utils import timezone

from server_broker.fleet.alarm_codes import DATES_SET_ASIDE, FACTS_SET_ASIDE, TOO_MANY_FACTS
from server_broker.fleet.alarms import AlarmCall, raise_alarm, raise_alarms, raise_or_resolve, resolve
from server_broker.fleet.models import Alarm
from server_broker.fleet.tables import STREAMS
from server_broker.platform.set_aside import AGAIN, Failure
from server_broker.platform.sql import query
from server_broker.platform.transient import is_transient
from server_broker.settlement.times import previous_month
from server_broker.settling import due
from server_broker.settling.dates_before import Place, dates_before
from server_broker.settling.due import Marks
from server_broker.settling.models import Change, SettleDue, StationAside
from server_broker.settling.told import MOST_FACTS, Range
from server_broker.settling.whereabouts import Whereabouts

_log = logging.getLogger(__name__)


def waits(row: StationAside, now: dt.datetime) -> bool:
    """Tell whether it is too early to try a station again. A try that is still to come is one of a clock put back."""
    return now - AGAIN < row.tried_at <= now


def put_stations_aside(
    failed: Mapping[str, Failure], ranges: Iterable[Range], marks: Marks, where: Whereabouts, now: dt.datetime
) -> None:
    """Set stations aside whose facts can't be looked at, mark what they may concern, and tell people.

    Args:
        ranges: The facts that were tried.
    """
    if not failed:
        return
    told = _told(failed)
    places: dict[str, list[Place]] = {}
    for one in ranges:
        places.setdefault(one.station, []).append(Place(one.station, one.epoch, one.first))
    for station, failure in sorted(failed.items()):
        row = StationAside.objects.filter(pk=station).first()
        if row is None or row.told != told[station]:
            first = _first_in_doubt(places[station], marks)
            marks.add(where.around(station), first, marks.last, due.RECORD)
        if row is None:
            _log.error("the facts of %s can't be looked at and are set aside\n%s", station, failure.trace)
            row = StationAside(station_id=station, since=now)
        row.tried_at, row.told = now, told[station]
        row.save()
        since = f"{timezone.localtime(row.since):%m月%d日 %H:%M}"
        detail = f"{since} 起它传来的记录，考勤结算的程序读到就出错（{failure.kind}）；别的站点照常结算"
        raise_alarm(station=station, code=FACTS_SET_ASIDE, severity="major", detail=detail, at=now)


def take_stations_back(stations: Collection[str], now: dt.datetime) -> None:
    """Note that the facts of these stations were looked at after all."""
    for row in StationAside.objects.filter(pk__in=stations):
        resolve(station=row.station_id, code=FACTS_SET_ASIDE, at=now)
        _log.info("the facts of %s were looked at after all", row.station_id)
        row.delete()


def tell_of_dates(now: dt.datetime) -> None:
    """Raise the alarm about dates and notes that are set aside, or close it where there are none any more."""
    aside = SettleDue.objects.filter(failed_at__isnull=False)
    found = aside.aggregate(dates=models.Count("pk"), villages=models.Count("village", distinct=True))
    notes = Change.objects.filter(failed_at__isnull=False).count()
    some = aside.order_by("village__code").values_list("village__name", flat=True).distinct()[:3]
    said = []
    if found["dates"]:
        named = "、".join(some)
        said.append(
            f"{found['villages']} 个村共 {found['dates']} 天的考勤结算不了（{named}），留着以前的结果，不能公示"
        )
    if notes:
        said.append(f"{notes} 处改动还没有算进考勤")
    detail = f"{'；'.join(said)}；别的照常结算" if said else ""
    raise_or_resolve(station=None, code=DATES_SET_ASIDE, severity="major", detail=detail, at=now)


def tell_of_stations(stations: Collection[str], now: dt.datetime) -> None:
    """Raise an alarm of each station that told more than is read of one (`settling.told.MOST_FACTS`)."""
    just = Alarm.objects.filter(
        code=TOO_MANY_FACTS, origin="county", resolved_at=None, last_at__gt=now - AGAIN, last_at__lte=now
    )
    told = set(just.filter(station__in=stations).values_list("station_id", flat=True))
    detail = (
        f"它几天里传来的记录超过 {MOST_FACTS:,} 条，考勤结算读到这里为止；"
        "后面的都在，要靠它才能算的不判缺勤，别的站点照常结算"
    )
    calls = [AlarmCall(station, TOO_MANY_FACTS, "major", detail) for station in sorted(set(stations) - told)]
    raise_alarms(calls, at=now)


def _told(stations: Iterable[str]) -> dict[str, int]:
    rows = query(
        f"SELECT station_id, sum(through)::bigint FROM {STREAMS} WHERE station_id = ANY(%s) GROUP BY station_id",  # noqa: S608 - our own constant
        [sorted(stations)],
    )
    return dict(rows)


def _first_in_doubt(places: Collection[Place], marks: Marks) -> dt.date:
    """Return the first date that these facts may concern."""
    try:
        with transaction.atomic():
            before = dates_before(places)
    except Exception as error:  # over the same facts another part fails already
        if is_transient(error):
            raise
        return marks.first
    return min([previous_month(marks.last), *before.values()])
