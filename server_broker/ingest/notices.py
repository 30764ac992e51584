"""Desired states that changed: heard from PostgreSQL (LISTEN), built anew, handed over for sending.

What was announced while nobody listened is not repeated by PostgreSQL, so every station is looked at once each
time listening begins.
"""

import logging
from datetime import datetime

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from server_broker.fleet.desired_changes import CHANNEL
from server_broker.fleet.models import Station
from server_broker.ingest.answers import Answer
from server_broker.twin.desired import refresh

_log = logging.getLogger(__name__)

STATIONS_A_TIME = 20
"""Built between two looks for facts."""


class DesiredNotices:
    """Stations whose desired state may have changed."""

    def __init__(self, *, shard: int) -> None:
        self._shard = shard
        self._listening_on: object = None
        self._pending: dict[str, None] = {}

    def listen(self) -> None:
        """Listen on the present connection and take in what has come.

        Raises:
            django.db.Error: The database is away.
        """
        raw: psycopg.Connection[object] = connection.connection
        if self._listening_on is not raw:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening_on = raw
            stations = Station.objects.filter(shard=self._shard, revoked_at=None, enrolled_at__isnull=False)
            self._pending |= dict.fromkeys(stations.values_list("id", flat=True))
        with connection.wrap_database_errors:
            for notice in raw.notifies(timeout=0):
                self._pending[notice.payload] = None

    def take(self, *, now: datetime | None = None) -> list[Answer]:
        """Build the next few and return those that a station does not have yet."""
        answers = []
        for _ in range(min(STATIONS_A_TIME, len(self._pending))):
            station_id = next(iter(self._pending))
            try:
                with transaction.atomic():
                    answers += self._built(station_id, now)
            except (OperationalError, InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - as at the top of the worker: neighbours go on
                # One station's rows must not keep the worker from all the others; its next change is looked at again.
                _log.exception("%s: the desired state cannot be built", station_id)
            del self._pending[station_id]
        return answers

    def _built(self, station_id: str, now: datetime | None) -> list[Answer]:
        desired = refresh(station_id, now=now)
        if desired is None:
            return []
        station = Station.objects.get(pk=station_id)
        lacks = desired.version not in (station.reported_version, station.refused_version)
        lives = station.revoked_at is None and station.enrolled_at is not None and station.shard == self._shard
        return [Answer(station.shard, desired)] if lacks and lives else []
