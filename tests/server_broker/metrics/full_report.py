"""A station that has told all that a station can tell, in any number."""

import datetime as dt
import secrets

from django.utils import timezone

from protocol.health import Health, Machine
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet import health
from server_broker.fleet.models import Station, StationStatus, Stream

HEALTH = Health(
    machine=Machine(
        model="示例主板",
        temperature_c=71,
        throttled="earlier",
        undervoltage="now",
        memory_kib=900_000,
        memory_free_kib=400_000,
        disk_kib=30_000_000,
        card="emmc",
        card_worn_percent=100,
        signal_percent=40,
    ),
    up_s=3600,
)


def report_fully(station: Station, *, at: dt.datetime | None = None, through: int = 7) -> None:
    """Have a station report all values, with a certificate and a stream."""
    at = at or timezone.now()
    StationStatus.objects.update_or_create(
        station=station,
        defaults={
            "online": True,
            "heard_at": at,
            "receipt_at": at,
            "waiting": 3,
            "blobs_waiting": 2,
            "clock_quality": "synced",
            "software": "0.1.0",
            "reader_ready": True,
            "camera_ready": False,
            "disk_free_kib": 20_000_000,
            "resident_kib": 40_000,
            "health": health.kept(HEALTH),
            "health_at": at,
            "month_bytes": 5_000_000,
            "month_forecast_bytes": 7_000_000,
            "contract": 1,
        },
    )
    StationCertificate.objects.create(
        station=station, serial=secrets.token_hex(16), not_after=at + dt.timedelta(days=80), issued_at=at
    )
    Stream.objects.create(station=station, epoch=secrets.token_bytes(16), head=bytes(32), through=through)


def many_stations(villages: list[str], count: int) -> None:
    """Put ``count`` such stations into villages, by few statements."""
    now = timezone.now()
    stations = [
        Station(id=f"many-{number:05}", name="示例站", village_id=villages[number % len(villages)], enrolled_at=now)
        for number in range(count)
    ]
    Station.objects.bulk_create(stations)
    kept = health.kept(HEALTH)
    StationStatus.objects.bulk_create(
        StationStatus(
            station=one,
            online=True,
            heard_at=now,
            receipt_at=now,
            clock_quality="synced",
            reader_ready=True,
            health=kept,
            health_at=now,
            month_bytes=1,
            month_forecast_bytes=2,
        )
        for one in stations
    )
    StationCertificate.objects.bulk_create(
        StationCertificate(station=one, serial=secrets.token_hex(16), not_after=now, issued_at=now) for one in stations
    )
    Stream.objects.bulk_create(
        Stream(station=one, epoch=secrets.token_bytes(16), head=bytes(32), through=1) for one in stations
    )
