"""What a station's own page shows of it."""

from dataclasses import dataclass

from server_broker.fleet.ledger import Ledger, ledger
from server_broker.fleet.models import Alarm, Station, StationEvent
from server_broker.media.models import Blob


@dataclass(frozen=True, slots=True)
class StationPage:
    """Ledger, latest ups and downs, open alarms and latest pictures, newest first."""

    ledger: Ledger
    events: list[StationEvent]
    alarms: list[Alarm]
    snapshots: list[Blob]


def station_page(station: Station, *, events: int = 50, snapshots: int = 24) -> StationPage:
    """Return what a station's page shows. Whether the asker may see the station is the caller's question."""
    return StationPage(
        ledger=ledger(station.pk),
        events=list(station.events.all()[:events]),
        alarms=list(station.alarms.filter(resolved_at__isnull=True)),
        snapshots=list(Blob.objects.filter(station=station, viewable=True).order_by("-completed_at")[:snapshots]),
    )
