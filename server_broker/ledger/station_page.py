"""Gather what a station's own page shows."""

import logging
from dataclasses import dataclass

from server_broker.enrolment.boards import replaced_at
from server_broker.fleet.models import Alarm, Station, StationEvent
from server_broker.ledger.consistency import TookTooLong
from server_broker.ledger.ledger import Ledger, ledger
from server_broker.media.models import Blob

_log = logging.getLogger(__name__)

LEDGER_S = 2.0
"""How long the page may count. Browsers ask for it every few seconds, and a request occupies a thread of the server."""


@dataclass(frozen=True, slots=True)
class StationPage:
    """Ledger, latest events, open alarms and latest pictures, newest first.

    Among the events is what the county did by itself: ``board_replaced``, which is no row.

    ``ledger`` is None if it could not be counted in time. The patrol has more time, and raises an alarm if it needs to.
    """

    ledger: Ledger | None
    events: list[StationEvent]
    alarms: list[Alarm]
    snapshots: list[Blob]


def station_page(station: Station, *, events: int = 50, snapshots: int = 24, ledger_s: float = LEDGER_S) -> StationPage:
    """Return what a station's page shows. The caller has checked that the person may see the station."""
    try:
        counted = ledger(station.pk, limit_s=ledger_s)
    except TookTooLong as error:
        _log.info("the ledger of %s was not counted for its page: %s", station.pk, error, extra={"station": station.pk})
        counted = None
    return StationPage(
        ledger=counted,
        events=_events(station, events),
        alarms=list(station.alarms.filter(resolved_at__isnull=True)),
        snapshots=list(Blob.objects.filter(station=station, viewable=True).order_by("-completed_at")[:snapshots]),
    )


def _events(station: Station, most: int) -> list[StationEvent]:
    replaced = [
        StationEvent(station=station, kind="board_replaced", wall=at, quality="synced", received_at=at, seq=0)
        for at in replaced_at(station)
    ]
    shown = [*station.events.all()[:most], *replaced]
    return sorted(shown, key=lambda event: event.received_at, reverse=True)[:most]
