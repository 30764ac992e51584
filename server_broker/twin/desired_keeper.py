"""Build the desired state of each station that something changed for, beside the ingest worker.

PostgreSQL announces a change (`server_broker.fleet.announced_stations`). What was built is announced to the ingest
workers, who send it to stations that lack it. A state takes some 10 ms of a processor: a change for all stations of a
county would keep a worker from facts for seconds.
"""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction

from server_broker.fleet.announced_stations import AnnouncedStations
from server_broker.fleet.desired_changes import CHANNEL, desired_built
from server_broker.platform.sql import lock_until_commit
from server_broker.twin.desired import refresh

_log = logging.getLogger(__name__)

STATIONS_A_TURN = 20
"""States built between two looks at what was announced."""
WAIT_S = 0.5
"""With nothing to build, a turn waits so long for an announcement."""
_LOCK_SPACE = 0x64657369
"""Of PostgreSQL's advisory locks: two programs that build one state would give it the same version twice."""


class DesiredKeeper:
    """Keeps the desired states of all stations. Its connection stays open, because it listens on it."""

    def __init__(self) -> None:
        self._announced = AnnouncedStations(CHANNEL)

    def go_on(self, now: datetime, *, wait_s: float = WAIT_S) -> None:
        """Take in what was announced, and build the next few states.

        Raises:
            django.db.Error: The database is away. No station is forgotten.
        """
        try:
            self._announced.listen(wait_s=0.0 if self._announced else wait_s)
            for station in self._announced.first(STATIONS_A_TURN):
                self._build(station, now)
                self._announced.remove(station)
        except (OperationalError, InterfaceError):
            # The next turn opens a new connection: this one may be dead without knowing it.
            connection.close()
            raise

    def _build(self, station: str, now: datetime) -> None:
        try:
            with transaction.atomic():
                lock_until_commit(_LOCK_SPACE, station)
                if refresh(station, now=now) is not None:
                    desired_built(station)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - the top of this chore: neighbours go on
            # Its rows must not keep the other stations waiting; its next change is looked at again.
            _log.exception("%s: the desired state cannot be built", station, extra={"station": station})
