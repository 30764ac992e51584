"""What the county sends to stations without being asked: desired states that changed, and commands that are due.

Desired states: PostgreSQL announces a change (LISTEN), the state is built anew and sent. PostgreSQL does not repeat
what it announced while nobody listened. So every station is looked at once each time listening begins.

Commands: they are read from their table, sent, and only then noted as sent. After a crash in between, a command goes
out once more; its station knows it by its id and does not carry it out twice.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from server_broker.commands.command_queue import due_commands, note_sent, wire_command
from server_broker.fleet.desired_changes import CHANNEL
from server_broker.fleet.models import Station
from server_broker.ingest.messages import Outgoing
from server_broker.twin.desired import refresh, shelves_named

_log = logging.getLogger(__name__)

STATIONS_A_TIME = 5
"""Desired states built between two looks for facts. With a township's people each takes 17 ms of a processor, and a
birth that comes meanwhile wants its welcome within 2 s, on a busy machine too."""


class DesiredNotices:
    """Stations whose desired state may have changed."""

    def __init__(self, *, shard: int) -> None:
        self._shard = shard
        self._listening_on: object = None
        self._pending: dict[str, None] = {}
        """An ordered set: the station that was announced first is built first."""

    def listen(self) -> None:
        """Listen on the present connection and take in what was announced.

        Raises:
            django.db.Error: The database is away.
        """
        raw: psycopg.Connection[object] = connection.connection
        # LISTEN belongs to a connection. On a new one nobody knows what was announced since the last one ended.
        if self._listening_on is not raw:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening_on = raw
            stations = Station.objects.filter(shard=self._shard, revoked_at=None, enrolled_at__isnull=False)
            self._pending |= dict.fromkeys(stations.values_list("id", flat=True))
        with connection.wrap_database_errors:
            for notice in raw.notifies(timeout=0):
                self._pending[notice.payload] = None

    def take(self, *, now: datetime | None = None) -> list[Outgoing]:
        """Take in what was announced, build the next few states, and return those that their station does not have yet.

        Raises:
            django.db.Error: The database is away. No station is forgotten.
        """
        self.listen()
        outgoing = []
        for _ in range(min(STATIONS_A_TIME, len(self._pending))):
            station_id = next(iter(self._pending))
            try:
                with transaction.atomic():
                    outgoing += self._build(station_id, now)
            except (OperationalError, InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - as at the top of the worker: neighbours go on
                # One station's rows must not keep the worker from all the others; its next change is looked at again.
                _log.exception("%s: the desired state cannot be built", station_id, extra={"station": station_id})
            del self._pending[station_id]
        return outgoing

    def _build(self, station_id: str, now: datetime | None) -> list[Outgoing]:
        desired = refresh(station_id, now=now)
        if desired is None:
            return []
        station = Station.objects.get(pk=station_id)
        # A version that the station refused is not sent again: it would be refused again.
        lacks = desired.version not in (station.reported_version, station.refused_version)
        lives = station.revoked_at is None and station.enrolled_at is not None and station.shard == self._shard
        if not lives:
            return []
        if lacks:
            return [Outgoing(station.shard, desired)]
        # Often the index alone has changed, and its name is a hundredth of the desired state.
        return [Outgoing(station.shard, named) for named in shelves_named([station.pk])]


def send_due_commands(*, shard: int, now: datetime, publish: Callable[[Sequence[Outgoing]], None]) -> None:
    """Send the commands whose stations are connected.

    Raises:
        django.db.Error: The database is away. A command that was not noted as sent is sent again.
    """
    due = due_commands(shard=shard, now=now)
    if not due:
        return
    outgoing = []
    for command in due:
        try:
            outgoing.append(Outgoing(command.station.shard, wire_command(command)))
        except msgspec.ValidationError:
            # It is noted as sent all the same: no station could ever read it, and it must not be tried for ever.
            _log.exception("command %s is not sent, because no station could read it", command.pk)
    publish(outgoing)
    note_sent(due, now=now)
