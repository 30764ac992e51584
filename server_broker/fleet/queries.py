"""What the console shows of the fleet, each query cut to a region's subtree."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from server_broker.fleet.ledger import Ledger, ledger
from server_broker.fleet.models import Alarm, Station, StationEvent, StationStatus, Stream
from server_broker.media.models import Blob


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One station in the list. ``status`` is None for one that was never heard of."""

    station: Station
    status: StationStatus | None
    open_alarms: int

    @property
    def online(self) -> bool:
        """Whether its connection is up."""
        return self.status is not None and self.status.online


@dataclass(frozen=True, slots=True)
class StationPage:
    """All that a station's own page shows."""

    station: Station
    status: StationStatus | None
    ledger: Ledger
    streams: list[Stream]
    events: list[StationEvent]
    alarms: list[Alarm]
    snapshots: list[Blob]


def fleet_rows(region_code: str) -> list[FleetRow]:
    """Return the stations under a region, by id, with two queries whatever their number."""
    stations = Station.objects.under(region_code).select_related("status", "village")
    alarms = Alarm.objects.filter(station__in=stations.values("pk"), resolved_at__isnull=True).order_by()
    opened = dict(alarms.values_list("station_id").annotate(Count("pk")))
    return [FleetRow(station, _status(station), opened.get(station.pk, 0)) for station in stations]


def station_under(region_code: str, station_id: str) -> Station | None:
    """Return a station if it lies in the subtree of a region."""
    return Station.objects.under(region_code).select_related("status", "village").filter(pk=station_id).first()


def station_page(station: Station, *, events: int = 50, snapshots: int = 24) -> StationPage:
    """Return what a station's page shows. Whether the asker may see the station is decided by `station_under`."""
    return StationPage(
        station=station,
        status=_status(station),
        ledger=ledger(station.pk),
        streams=list(station.streams.order_by("-opened_at", "-id")),
        events=station_events(station, limit=events),
        alarms=list(station.alarms.filter(resolved_at__isnull=True)),
        snapshots=list(_snapshots(station)[:snapshots]),
    )


def station_events(station: Station, *, limit: int = 50, before: datetime | None = None) -> list[StationEvent]:
    """Return a station's latest ups and downs, newest first; with ``before`` those received earlier."""
    found = station.events.all() if before is None else station.events.filter(received_at__lt=before)
    return list(found[:limit])


def open_alarms(region_code: str, *, limit: int = 200) -> list[Alarm]:
    """Return the open alarms of stations under a region, newest first."""
    stations = Station.objects.under(region_code)
    return list(Alarm.objects.filter(station__in=stations, resolved_at__isnull=True).select_related("station")[:limit])


def _snapshots(station: Station) -> list[Blob]:
    return station.blobs.filter(viewable=True).order_by("-completed_at")  # type: ignore[return-value]


def _status(station: Station) -> StationStatus | None:
    try:
        return station.status
    except StationStatus.DoesNotExist:
        return None
