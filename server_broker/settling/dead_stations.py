"""An officer declares a station dead from a minute on, so that nobody waits for what it can't tell any more.

A dated fact of the same board from after that minute withdraws the declaration by itself (docs/rules.md, section 3).
"""

import datetime as dt
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.audit.log import Detail, record
from server_broker.dated import days
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period, put, put_each
from server_broker.decisions.stream import decide
from server_broker.duty.own_rosters import own_roster
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact
from server_broker.regions.models import Region
from server_broker.settlement.record import Record
from server_broker.settlement.times import begin_of
from server_broker.settling.models import DeadStation, SettledWindow
from server_broker.settling.moments import aware, minute, moment
from server_broker.settling.span import REACH, Span
from server_broker.settling.stations import Means, stations_in
from server_broker.settling.whereabouts import Whereabouts
from server_broker.settling.windows import settle
from server_broker.settling.words import board_station

_NOBODY = Means(frozenset(), frozenset(), frozenset())


class DeadRefused(Exception):
    """Nothing was changed. The message is Chinese."""


class Declared(NamedTuple):
    """That a station is declared dead."""

    row: DeadStation
    since: dt.datetime
    withdrawn_at: dt.datetime | None
    """The minute of the dated fact that withdrew it; None: it holds."""


class FirstMinute(NamedTuple):
    """From when on a station can be declared dead at the earliest."""

    since: dt.datetime
    has_gap: bool
    """Its record before that has a gap, and the windows in it wait for it whenever it is declared dead."""


def declared(station: Station, now: dt.datetime) -> Declared | None:
    """Return the declaration that nobody took back, and whether the station withdrew it by itself."""
    row = DeadStation.objects.known().filter(subject=station, dead=True).order_by("valid_from").last()
    if row is None or row.valid_from is None:
        return None
    later = [at for one in _boards(station, row.valid_from, now) for at in _told_after(one, row.valid_from)]
    return Declared(row, row.valid_from, min(later, default=None))


def declare_dead(station: Station, since: dt.datetime, reason: str, *, by: User, now: dt.datetime) -> None:
    """Declare a station dead from a minute on. It stands instead of what was declared of it before.

    Raises:
        DeadRefused: The minute is to come, or before the station was enrolled; the station has told of a later one, was
            revoked by then, or is declared dead so already; or the account's person has windows there at any time from
            then on.
    """
    since = since.replace(second=0, microsecond=0)
    with transaction.atomic():
        among_writers()
        station = Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        _refuse_time(station, since, now)
        _refuse_own(by, station, since)
        stood = DeadStation.objects.known().filter(subject=station, dead=True)
        if stood.filter(valid_from=since).exists():
            raise DeadRefused("已经这样登记过了")
        # One declaration stands at a time: what was withdrawn says nothing of the time since.
        rows: list[tuple[int | str, Period, dict[str, object]]] = [
            (station.pk, Period(row.valid_from, row.valid_to), {"dead": False}) for row in stood
        ]
        rows.append((station.pk, Period(since), {"dead": True}))
        put_each(DeadStation, rows, actor=by.get_username(), reason=reason)
        detail: Detail = {"at": since.isoformat(), "reason": reason}
        entry = record(by.get_username(), "station.declared_dead", station.pk, detail)
        decide(entry, Decided(action="station.declared_dead", subject=station.pk))


def take_back(station: Station, reason: str, *, by: User, now: dt.datetime) -> None:
    """Take a declaration back: it never held.

    Raises:
        DeadRefused: Nothing is declared, or the account's person has windows there.
    """
    with transaction.atomic():
        among_writers()
        Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        row = DeadStation.objects.known().filter(subject=station, dead=True).order_by("valid_from").last()
        if row is None or row.valid_from is None:
            raise DeadRefused("没有报停，或者刚被别人撤回了")
        _refuse_own(by, station, row.valid_from)
        period = Period(row.valid_from, row.valid_to)
        put(DeadStation, [station.pk], period, {"dead": False}, actor=by.get_username(), reason=reason)
        detail: Detail = {"at": row.valid_from.isoformat(), "reason": reason}
        entry = record(by.get_username(), "station.dead_taken_back", station.pk, detail)
        decide(entry, Decided(action="station.dead_taken_back", subject=station.pk))


def waiting_for(station: Station, since: dt.datetime) -> int:
    """Return how many results wait for data of a station that may be declared dead from a moment on."""
    return len(_waiting(station, since))


def still_waiting(station: Station, since: dt.datetime, now: dt.datetime) -> int:
    """Return how many results go on waiting for a station that is declared dead: their windows were over by then.

    Args:
        since: From when on it is declared dead. Ask while that stands, because the rules say what it comes to.
    """
    sure = timezone.localdate(since) - REACH
    waiting = [(village, day) for village, day in _waiting(station, since) if day <= timezone.localdate(since)]
    near = {village for village, day in waiting if day >= sure}
    row = DeadStation.objects.known().get(subject=station, dead=True)
    # The database's clock says when that was declared.
    span = Span(sure, timezone.localdate(since), max(now, row.recorded_at))
    anew = settle(near, span) if near else []
    # The windows of dates before these were over, whenever they end.
    return sum(day < sure for _, day in waiting) + sum(
        one.result.result == "未" and any(board_station(what.station) == station.pk for what in one.awaited)
        for one in anew
    )


def first_minute(station: Station, now: dt.datetime) -> FirstMinute | None:
    """Return from when on a station can be declared dead at the earliest: the minute after the last one it told of.

    None: it told of none that is dated, or of one that is still to come.
    """
    last = Fact.objects.filter(stream=OuterRef("pk")).order_by("-seq").values("received_at")[:1]
    received = Stream.objects.filter(station=station).aggregate(at=Max(Subquery(last)))["at"]
    boards = [] if received is None else _boards(station, received, now)
    told = max((told.minute for one in boards for told in one.told if told.minute is not None), default=None)
    if told is None or aware(begin_of(told + 1)) > now:
        return None
    return FirstMinute(aware(begin_of(told + 1)), has_gap=told > max(one.told_until for one in boards))


def _waiting(station: Station, since: dt.datetime) -> list[tuple[int, dt.date]]:
    """Return the villages and dates of the results that wait for data of a station."""
    villages = Whereabouts(since).around(station.pk)
    rows = SettledWindow.objects.current().filter(village__in=villages, result="未")
    return [
        (village, day)
        for village, day, awaited in rows.values_list("village__identity", "day", "awaited")
        if any(board_station(str(what[0])) == station.pk for what in awaited)
    ]


def _refuse_time(station: Station, since: dt.datetime, now: dt.datetime) -> None:
    if since > now:
        raise DeadRefused("这个时间还没到")
    # Windows that were over before the revocation wait for the station's record as those of any other.
    if station.revoked_at is not None and since >= station.revoked_at.replace(second=0, microsecond=0):
        at = f"{timezone.localtime(station.revoked_at):%Y-%m-%d %H:%M}"
        raise DeadRefused(f"站点 {at} 吊销，从那时起本来就不再等它的记录；请写那以前的时间")
    boards = _boards(station, since, now)
    if station.enrolled_at is None or not boards:
        raise DeadRefused("这个时间站点还没有接入")
    told = max((at for one in boards for at in _told_after(one, since)), default=None)
    if told is not None:
        last = f"{timezone.localtime(told):%Y-%m-%d %H:%M}"
        raise DeadRefused(f"站点传来过更晚的记录（{last}），那时它还开着；请写那以后的时间")


def _boards(station: Station, since: dt.datetime, now: dt.datetime) -> list[Record]:
    """Return what those boards of a station told that were enrolled by then."""
    village = Region.objects.get(pk=station.village_id).identity
    # From the day before on, so that what the station told in its last hours is there too.
    first = timezone.localdate(since) - dt.timedelta(days=1)
    stations, _ = stations_in([village], [village], [village], _NOBODY, Span(first, timezone.localdate(now), now))
    own = [one for one in stations if board_station(one.id) == station.pk and one.enrolled <= minute(since)]
    return [Record(one, moment(now)) for one in own]


def _told_after(board: Record, since: dt.datetime) -> list[dt.datetime]:
    minutes = (told.minute for told in board.told)
    return [aware(begin_of(at)) for at in minutes if at is not None and at > minute(since)]


def _refuse_own(by: User, station: Station, since: dt.datetime) -> None:
    # A window of the evening before may last into it, and nobody knows how long the station stays dead.
    first = timezone.localdate(since) - dt.timedelta(days=1)
    own = own_roster(by, Whereabouts(since).own(station.pk), Period(days.begin_of(first)))
    if own:
        raise DeadRefused(f"{own}，不能由您来定；请在这里没有班的同事，或者县里来定")
