"""Decide which stations are online: who was heard, whose connection is in doubt, and who is silent.

The broker reports the end of a station's connection by its will, and only to clients that are connected at that moment.
So when the county's own connection to the broker ends or begins, the county puts every station's connection in doubt
until that station is heard again. It can't tell whether only its own connection was lost, or the broker was restarted
and all connections were. A station that is not heard for `SILENCE` (or `SAVING_SILENCE`) while the county listens is
taken offline, and an alarm stays open until the station is back.

Vitals are sent at most once (QoS 0), so one of them may be lost. The limits below allow for one lost message.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm, Station, StationStatus

SILENCE = timedelta(minutes=35)
"""A station sends its vitals every 15 to 16 minutes, and one may be lost. The limit is also longer than the 5 minutes
that a station waits at most between two attempts to connect."""
SAVING_SILENCE = timedelta(minutes=65)
"""For a station that saves data and said so in its last vitals: it sends them every 30 to 31 minutes."""
NOT_HEARD_YET = timedelta(minutes=1)
"""If a station was heard later than this from now, the county's clock was set back since; so the time is void."""
SILENT = "station_silent"


def doubt_connections(*, shard: int, now: datetime) -> int:
    """Put every connection of a shard's stations in doubt; return how many there were."""
    connected = StationStatus.objects.filter(station__shard=shard, online=True, doubted_at=None)
    return connected.update(doubted_at=now)


def watch_silence(*, shard: int, now: datetime, listened: timedelta) -> None:
    """Take silent stations offline and raise an alarm for each; close the alarms of stations that are back.

    Args:
        listened: How long the county has listened without a break and without a step of its clock. A station counts as
            silent only if the county has listened for the whole limit; otherwise the county may have missed it.
    """
    mark_silent(shard=shard, now=now, listened=listened)
    _tell_of_silent(shard, now, listened)
    _close_heard(shard, now)


def mark_silent(*, shard: int, now: datetime, listened: timedelta) -> int:
    """Take silent stations offline, whose will came while the county did not listen; return how many there were.

    Their connection is kept: if vitals come over it after all, the station is online again.
    """
    connected = StationStatus.objects.filter(station__shard=shard, online=True)
    silent = connected.filter(_silent(now, listened, last="heard_at", saving="saving"))
    return silent.update(online=False, doubted_at=None, changed_at=now)


def _silent(now: datetime, listened: timedelta, *, last: str, saving: str) -> Q:
    """Return the filter for silent stations. ``last`` and ``saving`` are the query's names of those two fields."""
    seldom = Q(**{f"{saving}__contains": ["vitals"]})
    found = Q(pk__in=[])
    for silence, who in ((SILENCE, ~seldom), (SAVING_SILENCE, seldom)):
        if listened >= silence:
            # The second case: see `NOT_HEARD_YET`.
            before, after = Q(**{f"{last}__lt": now - silence}), Q(**{f"{last}__gt": now + NOT_HEARD_YET})
            found |= who & (before | after)
    return found


def _tell_of_silent(shard: int, now: datetime, listened: timedelta) -> None:
    told = Alarm.objects.filter(station=OuterRef("pk"), origin="county", code=SILENT, resolved_at=None)
    live = Station.objects.filter(~Exists(told), shard=shard, revoked_at=None, enrolled_at__isnull=False)
    silent = live.filter(Q(status=None) | Q(status__online=False)).annotate(
        last=Coalesce("status__heard_at", "enrolled_at"), heard=F("status__heard_at")
    )
    calls = [
        AlarmCall(station, SILENT, "minor", _said(last, heard=heard is not None))
        for station, last, heard in silent.filter(
            _silent(now, listened, last="last", saving="status__saving")
        ).values_list("pk", "last", "heard")
    ]
    raise_alarms(calls, at=now)


def _said(last: datetime, *, heard: bool) -> str:
    when = f"{timezone.localtime(last):%Y-%m-%d %H:%M}"
    return f"最后一次有消息是 {when}" if heard else f"{when} 接入之后一直没有消息"


def _close_heard(shard: int, now: datetime) -> None:
    back = StationStatus.objects.filter(station__shard=shard, online=True, doubted_at=None).values("station")
    Alarm.objects.filter(origin="county", code=SILENT, resolved_at=None, station__in=back).update(resolved_at=now)
