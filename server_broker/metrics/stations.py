"""The metrics of stations: what each last said of itself, and what the county has of it.

They are the last known values. Whether they are of now, `ONLINE` and `HEARD` say. A value that a station never told has
no series. A revoked station has none at all, and neither has one that was never enrolled.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max, Sum

from protocol.health import Health, card_worn
from protocol.units import DATED_QUALITIES
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet import health
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.held import to_review
from server_broker.metrics import families
from server_broker.metrics.families import Family, Metric, OpenAlarm
from server_broker.regions.models import TOWNSHIP_DIGITS

_COLUMNS = (
    "pk",
    "village_id",
    *(
        f"status__{name}"
        for name in (
            "online",
            "heard_at",
            "receipt_at",
            "waiting",
            "blobs_waiting",
            "clock_quality",
            "reader_ready",
            "camera_ready",
            "disk_free_kib",
            "resident_kib",
            "health",
            "health_at",
            "month_bytes",
            "month_forecast_bytes",
            "contract",
        )
    ),
)
_KIB = 1024
_CODE_DIGITS = 12


class StationRow(NamedTuple):
    """One station and its last report; without one all of it is None. The fields are those of `StationStatus`."""

    station: str
    village: str
    online: bool | None
    heard_at: datetime | None
    receipt_at: datetime | None
    waiting: int | None
    blobs_waiting: int | None
    clock_quality: str | None
    reader_ready: bool | None
    camera_ready: bool | None
    disk_free_kib: int | None
    resident_kib: int | None
    health: object
    health_at: datetime | None
    month_bytes: int | None
    month_forecast_bytes: int | None
    contract: int | None

    @property
    def labels(self) -> tuple[str, str]:
        """The values of `families.STATION_LABELS`."""
        return self.station, self.village[:TOWNSHIP_DIGITS].ljust(_CODE_DIGITS, "0")


type _Values = dict[Metric, float | datetime | None]


class FleetReading(NamedTuple):
    """What was read of all stations at one moment."""

    rows: list[StationRow]
    facts: dict[str, int]
    """Receipted facts of each station that ever had a stream, revoked ones too."""
    held: dict[str, int]
    certificates: dict[str, datetime]
    """The end of each station's newest certificate."""

    @property
    def last_receipt(self) -> datetime | None:
        """When any of the stations was last sent a receipt."""
        return max((row.receipt_at for row in self.rows if row.receipt_at is not None), default=None)


def read_fleet() -> FleetReading:
    """Read all stations with four queries, however many there are."""
    live = Station.objects.filter(revoked_at=None, enrolled_at__isnull=False).order_by("pk")
    facts = Stream.objects.values("station").order_by().annotate(receipted=Sum("through"))
    held = to_review().values("stream__station").order_by().annotate(held=Count("pk"))
    ends = (
        StationCertificate.objects.filter(revoked_at=None).values("station").order_by().annotate(end=Max("not_after"))
    )
    return FleetReading(
        rows=[StationRow(*row) for row in live.values_list(*_COLUMNS)],
        facts={station: int(count) for station, count in facts.values_list("station", "receipted")},
        held=dict(held.values_list("stream__station", "held")),
        certificates=dict(ends.values_list("station", "end")),
    )


def station_families(fleet: FleetReading, alarms: Iterable[OpenAlarm]) -> Iterator[Family]:
    """Yield the families of all stations, and the county's sums of them.

    Args:
        alarms: Each open alarm.
    """
    yield families.FACTS.family([((), sum(fleet.facts.values()))])
    yield families.HELD.family([((), sum(fleet.held.values()))])
    alarms_of = Counter(station for station, *_ in alarms)
    made: dict[Metric, Family] = {}
    for row in fleet.rows:
        values: _Values = {
            families.STATION_FACTS: fleet.facts.get(row.station, 0),
            families.STATION_HELD: fleet.held.get(row.station, 0),
            families.STATION_ALARMS: alarms_of[row.station],
            families.STATION_CERTIFICATE_END: fleet.certificates.get(row.station),
            **_reported(row),
            **_healthy(health.read(row.health), row.health_at),
        }
        for metric, value in values.items():
            if value is None:
                continue
            if metric not in made:
                made[metric] = metric.family(())
            made[metric].add_metric(row.labels, value.timestamp() if isinstance(value, datetime) else value)
    yield from made.values()


def _reported(row: StationRow) -> _Values:
    return {
        families.ONLINE: bool(row.online),
        families.HEARD: row.heard_at,
        families.RECEIPT: row.receipt_at,
        families.WAITING: row.waiting,
        families.BLOBS_WAITING: row.blobs_waiting,
        families.CLOCK_DATED: None if row.clock_quality is None else row.clock_quality in DATED_QUALITIES,
        families.READER: row.reader_ready,
        families.CAMERA: row.camera_ready,
        families.STATION_DISK_FREE: _bytes(row.disk_free_kib),
        families.RESIDENT: _bytes(row.resident_kib),
        families.MONTH_BYTES: row.month_bytes,
        families.MONTH_FORECAST: row.month_forecast_bytes,
        families.CONTRACT: row.contract,
    }


def _healthy(said: Health | None, at: datetime | None) -> _Values:
    if said is None:
        return {}
    machine = said.machine
    return {
        families.STATION_DISK_SIZE: _bytes(machine.disk_kib),
        families.MEMORY_FREE: _bytes(machine.memory_free_kib),
        families.TEMPERATURE: machine.temperature_c,
        families.UNDERVOLTAGE: None if machine.undervoltage is None else machine.undervoltage == "now",
        families.THROTTLED: None if machine.throttled is None else machine.throttled == "now",
        families.CARD_WORN: _share(machine.card_worn_percent),
        families.CARD_SPENT: card_worn(machine),
        families.SIGNAL: _share(machine.signal_percent),
        families.STARTED: None if said.up_s is None or at is None else at.timestamp() - said.up_s,
    }


def _bytes(kib: int | None) -> int | None:
    return None if kib is None else kib * _KIB


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100
