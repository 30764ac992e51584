"""What a station's own page shows of it."""

import logging
from dataclasses import dataclass

from server_broker.fleet.models import Alarm, Station, StationEvent
from server_broker.ledger.consistency import TookTooLong
from server_broker.ledger.ledger import Ledger, ledger
from server_broker.media.models import Blob

_log = logging.getLogger(__name__)

LEDGER_S = 2.0
"""How long a page may count. It is asked for every few seconds, and a request occupies a thread of the web server."""


@dataclass(frozen=True, slots=True)
class StationPage:
    """Ledger, latest ups and downs, open alarms and latest pictures, newest first.

    ``ledger`` is None where it could not be counted in time; the patrol, which has more time, says what is wrong.
    """

    ledger: Ledger | None
    events: list[StationEvent]
    alarms: list[Alarm]
    snapshots: list[Blob]


def station_page(station: Station, *, events: int = 50, snapshots: int = 24, ledger_s: float = LEDGER_S) -> StationPage:
    """Return what a station's page shows. Whether the asker may see the station is the caller's question."""
    return StationPage(
        ledger=_counted(station, ledger_s),
        events=list(station.events.all()[:events]),
        alarms=list(station.alarms.filter(resolved_at__isnull=True)),
        snapshots=list(Blob.objects.filter(station=station, viewable=True).order_by("-completed_at")[:snapshots]),
    )


def _counted(station: Station, limit_s: float) -> Ledger | None:
    try:
        return ledger(station.pk, limit_s=limit_s)
    except TookTooLong as error:
        _log.info("the ledger of %s was not counted for its page: %s", station.pk, error)
        return None
