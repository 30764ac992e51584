"""A village without a station names one that stands in for it, for some days: it is its own in every rule.

Both its naming and its end hold from the next day on at the earliest. Named backwards it would blame people for a place
that they did not know of; ended backwards it would excuse who knew and did not come.
"""

import datetime as dt
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.duty.own_rosters import own_stake
from server_broker.fleet.models import Station
from server_broker.regions.models import COUNTY_DIGITS, Region
from server_broker.settling.dead_stations import declared
from server_broker.settling.models import StandIn
from server_broker.settling.region_terms import is_village

LONGEST = dt.timedelta(days=366)
_DAY = dt.timedelta(days=1)


class StandInRefused(Exception):
    """Nothing was changed. The message is Chinese."""


class Days(NamedTuple):
    """From one day to another, both included; without a last one until further notice."""

    first: dt.date
    last: dt.date | None

    @property
    def period(self) -> Period:
        """The same as a period."""
        return Period(begin_of(self.first), None if self.last is None else end_of(self.last))


def living_station(village: Region, days: Days, now: dt.datetime) -> Station | None:
    """Return a station of a village's own that is in service and not declared dead by the end of the first day."""
    for station in Station.objects.filter(village=village, enrolled_at__isnull=False, revoked_at=None).order_by("pk"):
        found = declared(station, now)
        if found is None or found.withdrawn_at is not None or found.since >= end_of(days.first):
            return station
    return None


def name_stand_in(village: Region, station: Station, days: Days, reason: str, *, by: User, now: dt.datetime) -> None:
    """Have a station stand in for a village on some days.

    Raises:
        StandInRefused: The station is of another county, revoked, not enrolled or the village's own; the village has a
            living one, or another one stands in on one of the days; the days are none, too far away, or not all to
            come; or the account's person has windows there on such days or lives there.
    """
    with transaction.atomic():
        among_writers()
        village = Region.objects.select_for_update().get(pk=village.pk)
        _refuse_days(days, now)
        _refuse_station(village, station)
        living = living_station(village, days, now)
        if living is not None:
            raise StandInRefused(f"{village.name} 自己有在用的站点（{living.pk}）；它坏了，先在站点页报停")
        _refuse_own(by, village, days)
        stands = StandIn.objects.known().filter(subject=village, station__isnull=False)
        other = stands.during(days.period.since, days.period.until).order_by("valid_from").first()
        if other is not None:
            raise StandInRefused(f"这些天里已经由 {other.station_id} 代用，先结束那一段")
        content = {"station_id": station.pk}
        put(StandIn, [village.identity], days.period, content, actor=by.get_username(), reason=reason)
        detail = {"station": station.pk, "first": str(days.first), "reason": reason}
        if days.last is not None:
            detail["last"] = str(days.last)
        entry = record(by.get_username(), "stand_in.named", village.code, dict(detail))
        decide(entry, Decided(action="stand_in.named", subject=village.code))


def end_stand_in(village: Region, since: dt.date, reason: str, *, by: User, now: dt.datetime) -> None:
    """Have no station stand in for a village from a day on.

    Raises:
        StandInRefused: None does then; the day is not to come; or the account's person has windows there from then on
            or lives there.
    """
    days = Days(since, None)
    with transaction.atomic():
        among_writers()
        village = Region.objects.select_for_update().get(pk=village.pk)
        _refuse_days(days, now)
        _refuse_own(by, village, days)
        stands = StandIn.objects.known().filter(subject=village, station__isnull=False)
        if not stands.during(days.period.since, None).exists():
            raise StandInRefused("从那天起本来就没有代用站点，或者刚被别人结束了")
        put(StandIn, [village.identity], days.period, {"station_id": None}, actor=by.get_username(), reason=reason)
        entry = record(by.get_username(), "stand_in.ended", village.code, {"since": str(since), "reason": reason})
        decide(entry, Decided(action="stand_in.ended", subject=village.code))


def _refuse_days(days: Days, now: dt.datetime) -> None:
    today = timezone.localdate(now)
    if days.last is not None and days.last < days.first:
        raise StandInRefused("结束的那天在开始以前")
    if any(abs(day - today) > LONGEST for day in days if day is not None):
        raise StandInRefused("日期离今天超过一年，请核对年份")
    if days.first <= today:
        raise StandInRefused(f"最早从明天（{today + _DAY}）起：今天和以前的班，按大家当时知道的站点算，不往回改")


def _refuse_station(village: Region, station: Station) -> None:
    if not is_village(village) or village.ended:
        raise StandInRefused("只有在用的村能定代用站点")
    if station.village_id[:COUNTY_DIGITS] != village.code[:COUNTY_DIGITS]:
        raise StandInRefused("这个站点不是本县的")
    if station.village_id == village.code:
        raise StandInRefused("这个站点就是本村的")
    if station.revoked_at is not None:
        raise StandInRefused("这个站点已经吊销")
    if station.enrolled_at is None:
        raise StandInRefused("这个站点还没有接入")


def _refuse_own(by: User, village: Region, days: Days) -> None:
    own = own_stake(by, [village.identity], days.period)
    if own:
        raise StandInRefused(f"{own}，不能由您来定；请在这里没有班、也不驻村的同事，或者县里来定")
