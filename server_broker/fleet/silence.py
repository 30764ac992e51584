"""Which stations are there, as far as the county can know: who was heard, who may be gone, who is silent.

The end of a connection is told by a will, to whoever listens at that moment. So each end and each beginning of the
county's own connection to the broker puts every connection in doubt, until its station speaks again; whether only the
intake began anew or the broker with all connections, it can't tell. A station that says nothing for `SILENCE` while the
county listens is offline, and an alarm says so until it is back.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm, Station, StationStatus

SILENCE = timedelta(minutes=35)
"""A station says its vitals every quarter of an hour, every half while its data run short: one may be lost, or two, and
a while. It is also longer than the 5 minutes that it waits at most between two attempts to connect."""
SILENT = "station_silent"


def doubt_connections(*, shard: int, now: datetime) -> int:
    """Put every connection of a shard's stations in doubt; return how many there were."""
    connected = StationStatus.objects.filter(station__shard=shard, online=True, doubted_at=None)
    return connected.update(doubted_at=now)


def watch_silence(*, shard: int, now: datetime, listening: bool) -> None:
    """Take stations offline that are silent, and tell of them; and close the alarms of those that are back.

    Args:
        listening: The county has listened without a break for `SILENCE`: only then is a silence a station's own.
    """
    if listening:
        mark_silent(shard=shard, now=now)
        _tell_of_silent(shard, now)
    _close_heard(shard, now)


def mark_silent(*, shard: int, now: datetime) -> int:
    """Take stations offline that were not heard of for `SILENCE`: their will came while nobody listened.

    The connection stays known: vitals that come after all put the station online again. Return how many there were.
    """
    silent = StationStatus.objects.filter(station__shard=shard, online=True, heard_at__lt=now - SILENCE)
    return silent.update(online=False, doubted_at=None, changed_at=now)


def _tell_of_silent(shard: int, now: datetime) -> None:
    told = Alarm.objects.filter(station=OuterRef("pk"), origin="county", code=SILENT, resolved_at=None)
    live = Station.objects.filter(~Exists(told), shard=shard, revoked_at=None, enrolled_at__isnull=False)
    silent = live.filter(Q(status=None) | Q(status__online=False)).annotate(
        last=Coalesce("status__heard_at", "enrolled_at"), heard=F("status__heard_at")
    )
    calls = [
        AlarmCall(station, SILENT, "minor", _said(last, heard=heard is not None))
        for station, last, heard in silent.filter(last__lt=now - SILENCE).values_list("pk", "last", "heard")
    ]
    raise_alarms(calls, at=now)


def _said(last: datetime, *, heard: bool) -> str:
    when = f"{timezone.localtime(last):%Y-%m-%d %H:%M}"
    return f"最后一次有消息是 {when}" if heard else f"{when} 接入之后一直没有消息"


def _close_heard(shard: int, now: datetime) -> None:
    back = StationStatus.objects.filter(station__shard=shard, online=True, doubted_at=None).values("station")
    Alarm.objects.filter(origin="county", code=SILENT, resolved_at=None, station__in=back).update(resolved_at=now)
