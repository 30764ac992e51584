"""A county with as many stations as a test wants: townships of twenty villages, a station in each."""

import datetime as dt

from django.utils import timezone

from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.regions.models import Region
from tests.cast import COUNTY
from tests.server_broker.county import origin_of

OF_A_TOWNSHIP = 20


def make_stations(count: int) -> list[Station]:
    """Make stations that are connected and well."""
    now = timezone.now()
    Region.objects.get_or_create(code=COUNTY, defaults={"name": "示例县"})
    townships = [f"{COUNTY[:6]}{500 + n:03}000" for n in range((count + OF_A_TOWNSHIP - 1) // OF_A_TOWNSHIP)]
    Region.objects.bulk_create(Region(code=code, name=f"第{code[6:9]}镇") for code in townships)
    villages = [f"{townships[n // OF_A_TOWNSHIP][:9]}{1 + n % OF_A_TOWNSHIP:03}" for n in range(count)]
    Region.objects.bulk_create(Region(code=code, name=f"村{code[6:]}") for code in villages)
    made = Station.objects.bulk_create(
        Station(id=f"many-{n:04}", name=f"站{n}", village_id=village, enrolled_at=now)
        for n, village in enumerate(villages)
    )
    StationStatus.objects.bulk_create(
        StationStatus(station=one, online=True, changed_at=now, heard_at=now, reader_ready=True, vitals_at=now)
        for one in made
    )
    return made


def lose(stations: list[Station], *, at: dt.datetime) -> None:
    """Let stations lose their line; their silence is an alarm already."""
    StationStatus.objects.filter(station__in=stations).update(online=False, changed_at=at)
    raise_for(stations, "station_silent", "minor", at=at + dt.timedelta(minutes=35))


def raise_for(stations: list[Station], code: str, severity: str, *, at: dt.datetime, count: int = 1) -> None:
    """Open alarms; with a ``count``, so many of each station, told apart by what follows the colon."""
    Alarm.objects.bulk_create(
        Alarm(
            station=one,
            origin=origin_of(code),
            code=f"{code}:{n}" if count > 1 else code,
            severity=severity,
            opened_at=at,
            last_at=at,
        )
        for one in stations
        for n in range(count)
    )
