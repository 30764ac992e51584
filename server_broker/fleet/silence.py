"""Which stations are there, as far as the county can know: who was heard, who may be gone, who is silent.

The end of a connection is told by a will, to whoever listens at that moment. So each end and each beginning of the
county's own connection to the broker puts every connection in doubt, until its station speaks again; whether only the
intake began anew or the broker with all connections, it can't tell. A station that says nothing for its silence
(`SILENCE`, or `SAVING_SILENCE`) while the county listens is offline, and an alarm says so until it is back.

Vitals are sent at most once (QoS 0): a station is heard in time as long as no two in a row are lost.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm, Station, StationStatus

SILENCE = timedelta(minutes=35)
"""A station says its vitals every quarter of an hour, or a minute later: one may be lost. It is also longer than the 5
minutes that a station waits at most between two attempts to connect."""
SAVING_SILENCE = timedelta(minutes=65)
"""Of a station whose last vitals said that it puts off vitals: it says them every half-hour, or a minute later."""
NOT_HEARD_YET = timedelta(minutes=1)
"""What was heard so far in the future was heard by a clock that was put back since."""
SILENT = "station_silent"


def doubt_connections(*, shard: int, now: datetime) -> int:
    """Put every connection of a shard's stations in doubt; return how many there were."""
    connected = StationStatus.objects.filter(station__shard=shard, online=True, doubted_at=None)
    return connected.update(doubted_at=now)


def watch_silence(*, shard: int, now: datetime, listened: timedelta) -> None:
    """Take stations offline that are silent, and tell of them; and close the alarms of those that are back.

    Args:
        listened: How long the county has listened without a break, and without a step of its clock: only of one that
            has listened for as long is a silence the station's own.
    """
    mark_silent(shard=shard, now=now, listened=listened)
    _tell_of_silent(shard, now, listened)
    _close_heard(shard, now)


def mark_silent(*, shard: int, now: datetime, listened: timedelta) -> int:
    """Take stations offline that are silent: their will came while nobody listened.

    The connection stays known: vitals that come after all put the station online again. Return how many there were.
    """
    connected = StationStatus.objects.filter(station__shard=shard, online=True)
    silent = connected.filter(_silent(now, listened, last="heard_at", saving="saving"))
    return silent.update(online=False, doubted_at=None, changed_at=now)


def _silent(now: datetime, listened: timedelta, *, last: str, saving: str) -> Q:
    """Return who is silent, by the fields that say when a station was heard last and what it puts off."""
    seldom = Q(**{f"{saving}__contains": ["vitals"]})
    found = Q(pk__in=[])
    for silence, who in ((SILENCE, ~seldom), (SAVING_SILENCE, seldom)):
        if listened >= silence:
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
