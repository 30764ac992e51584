"""Decide which stations are online: who was heard, whose connection is in doubt, and who is silent.

The broker reports the end of a station's connection by its will, and only to clients that are connected at that moment.
So when the county's own connection to the broker ends or begins, the county puts every station's connection in doubt
until that station is heard again. It can't tell whether only its own connection was lost, or the broker was restarted
and all connections were. A station that is not heard for `SILENCE` (or `SAVING_SILENCE`) while the county listens is
taken offline, and an alarm stays open until the station is back.

A station counts as silent only if the county could have heard it all the time. So `SilenceWatch` knows for how long the
county has listened without a break. This duration is monotonic. But the time at which a station was last heard comes
from the machine's clock. After a step of that clock, times before and after it cannot be compared. So every connection
is then in doubt, and the county begins to listen anew.

Vitals are sent at most once (QoS 0), so one of them may be lost. The limits below allow for one lost message.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from server_broker.fleet.alarm_codes import STATION_SILENT
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm, Station, StationStatus

SILENCE = timedelta(minutes=35)
"""A station sends its vitals every 15 to 16 minutes, and one may be lost. The limit is also longer than the 5 minutes
that a station waits at most between two attempts to connect."""
SAVING_SILENCE = timedelta(minutes=65)
"""For a station that saves data and said so in its last vitals: it sends them every 30 to 31 minutes."""
NOT_HEARD_YET = timedelta(minutes=1)
"""If a station was heard later than this from now, the county's clock was set back since; so the time is void."""

FLAPS, FLAPS_WITHIN = 3, timedelta(days=1)
STAYS = timedelta(hours=2)
"""A station that was silent so often in a day comes and goes. Its alarm stays open until it has stayed for so long, or
there would be a new alarm every hour."""

LOOK_EVERY_MS = 60_000
BREAK_MS = 300_000
"""If the worker has not called `SilenceWatch.look` for so long, it has not listened either.

The machine slept, or the database was away and the messages of the stations still wait.
"""


def watch_silence(*, shards: Collection[int], now: datetime, listened: timedelta) -> None:
    """Take silent stations offline and raise an alarm for each; close the alarms of stations that are back.

    Args:
        listened: How long the county has listened without a break and without a step of its clock. A station counts as
            silent only if the county has listened for the whole limit; otherwise the county may have missed it.
    """
    mark_silent(shards=shards, now=now, listened=listened)
    told = Alarm.objects.filter(station=OuterRef("pk"), origin="county", code=STATION_SILENT, resolved_at=None)
    live = Station.objects.filter(~Exists(told), shard__in=shards, revoked_at=None, enrolled_at__isnull=False)
    # A station that never said a birth has no status. It counts from its enrolment, because its board may be broken.
    silent = live.filter(Q(status=None) | Q(status__online=False)).annotate(
        last=Coalesce("status__heard_at", "enrolled_at"), heard=F("status__heard_at")
    )
    found = silent.filter(_silent(now, listened, last="last", saving="status__saving"))
    often = _often_silent(now)
    calls = []
    for station, last, heard in found.values_list("pk", "last", "heard"):
        when = f"{timezone.localtime(last):%Y-%m-%d %H:%M}"
        said = f"最后一次有消息是 {when}" if heard is not None else f"{when} 接入之后一直没有消息"
        if (times := often.get(station, 0) + 1) >= FLAPS:
            said += f"，一天里第 {times} 次断线；连上并稳定两小时后才解除"
        calls.append(AlarmCall(station, STATION_SILENT, "minor", said))
    raise_alarms(calls, at=now)
    # A connection in doubt closes nothing: only a message from the station proves that it is back. A station whose
    # alarm was raised just now is not connected, so `often` need not be counted again.
    flapping = Q(station__in=[station for station, times in often.items() if times >= FLAPS])
    stays = Q(changed_at__lte=now - STAYS)
    back = StationStatus.objects.filter(~flapping | stays, station__shard__in=shards, online=True, doubted_at=None)
    over = Alarm.objects.filter(origin="county", code=STATION_SILENT, resolved_at=None)
    over.filter(station__in=back.values("station")).update(resolved_at=now)


def _often_silent(now: datetime) -> dict[str, int]:
    """Return how often each station was silent within `FLAPS_WITHIN`; those that were not often silent are left out."""
    told = Alarm.objects.filter(origin="county", code=STATION_SILENT, opened_at__gt=now - FLAPS_WITHIN)
    counted = told.values_list("station_id").annotate(times=Count("pk")).filter(times__gte=FLAPS - 1).order_by()
    return {station: times for station, times in counted if station is not None}


def mark_silent(*, shards: Collection[int], now: datetime, listened: timedelta) -> int:
    """Take silent stations offline, because their wills may have come while the county did not listen.

    Their connection is kept: if vitals come over it after all, the station is online again.

    Returns:
        How many stations there were.
    """
    connected = StationStatus.objects.filter(station__shard__in=shards, online=True)
    silent = connected.filter(_silent(now, listened, last="heard_at", saving="saving"))
    return silent.update(online=False, doubted_at=None, changed_at=now)


def _silent(now: datetime, listened: timedelta, *, last: str, saving: str) -> Q:
    """Return the filter for silent stations. ``last`` and ``saving`` are the query's names of those two fields."""
    seldom = Q(**{f"{saving}__contains": ["vitals"]})
    found = Q(pk__in=[])
    for silence, stations in ((SILENCE, ~seldom), (SAVING_SILENCE, seldom)):
        # If the county has listened for a shorter time, it may have missed the station's last vitals.
        if listened >= silence:
            # The second case: see `NOT_HEARD_YET`.
            before, after = Q(**{f"{last}__lt": now - silence}), Q(**{f"{last}__gt": now + NOT_HEARD_YET})
            found |= stations & (before | after)
    return found


class SilenceWatch:
    """Looks for silent stations once a minute. One object lives as long as the worker; only its thread uses it."""

    def __init__(self, *, shards: Collection[int], mono_ms: int) -> None:
        self._shards = shards
        self._listens_since_ms = mono_ms
        self._last_called_ms = mono_ms
        self._look_at_ms = mono_ms
        self._run: bytes | None = None

    def begin_anew(self, *, now: datetime, mono_ms: int) -> None:
        """Put every connection in doubt, and count from now on for how long the county has listened."""
        StationStatus.objects.filter(station__shard__in=self._shards, online=True, doubted_at=None).update(
            doubted_at=now
        )
        self._listens_since_ms = mono_ms

    def look(self, *, now: datetime, mono_ms: int, connected: bool, run: bytes | None) -> None:
        """Look for silent stations, if a minute has passed since the last look.

        Args:
            connected: Whether stations can be heard now.
            run: The present run of the county's clock. The caller must read ``now`` before it determines the run, so
                that a step of the clock which shows in ``now`` shows in the run too.
        """
        # A new run means that the clock has stepped. The first run that is seen is no step.
        if run != self._run:
            if self._run is not None:
                self.begin_anew(now=now, mono_ms=mono_ms)
            self._run = run
        if not connected or mono_ms - self._last_called_ms > BREAK_MS:
            self._listens_since_ms = mono_ms
        self._last_called_ms = mono_ms
        if mono_ms < self._look_at_ms:
            return
        listened = timedelta(milliseconds=mono_ms - self._listens_since_ms)
        watch_silence(shards=self._shards, now=now, listened=listened)
        self._look_at_ms = mono_ms + LOOK_EVERY_MS
