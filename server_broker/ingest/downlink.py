"""What the county sends to stations without being asked: desired states that changed, and commands that are due.

Desired states: they are built elsewhere (`server_broker.twin.desired_keeper`), and PostgreSQL announces it
(`server_broker.fleet.announced_stations`).

Commands: they are read from their table, sent, and only then noted as sent. After a crash in between, a command goes
out once more; its station knows it by its id and does not carry it out twice.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from protocol.twin import Desired, ShelfNamed
from server_broker.commands.command_queue import due_commands, note_sent, wire_command
from server_broker.fleet.announced_stations import AnnouncedStations
from server_broker.fleet.desired_changes import BUILT_CHANNEL
from server_broker.fleet.models import Station
from server_broker.ingest.messages import Outgoing
from server_broker.twin.desired import shelves_named, stored_desired

_log = logging.getLogger(__name__)

STATIONS_A_TIME = 20
"""Desired states read and sent between two looks for facts."""


class DesiredNotices:
    """Stations for which a desired state was built."""

    def __init__(self, *, shards: Sequence[int]) -> None:
        self._shards = shards
        self._announced = AnnouncedStations(BUILT_CHANNEL, shards=shards)

    def take(self) -> list[Outgoing]:
        """Take in what was announced, and return the next few states that their station does not have yet.

        Raises:
            django.db.Error: The database is away. No station is forgotten.
        """
        self._announced.listen()
        chosen = self._announced.first(STATIONS_A_TIME)
        if not chosen:
            return []
        rows = Station.objects.filter(pk__in=chosen, revoked_at=None, enrolled_at__isnull=False, shard__in=self._shards)
        # A version that the station refused is not sent again: it would be refused again.
        lacking = stored_desired(
            [row for row in rows if row.desired_version not in (row.reported_version, row.refused_version)]
        )
        # Often the index alone has changed, and its name is a hundredth of the desired state.
        named = shelves_named({row.pk for row in rows} - {desired.station for desired in lacking})
        for station in chosen:
            self._announced.remove(station)
        at = {row.pk: row.shard for row in rows}
        found: list[Desired | ShelfNamed] = [*lacking, *named]
        return [Outgoing(at[one.station], one) for one in found]


def send_due_commands(*, shards: Sequence[int], now: datetime, publish: Callable[[Sequence[Outgoing]], None]) -> None:
    """Send the commands whose stations are connected.

    Raises:
        django.db.Error: The database is away. A command that was not noted as sent is sent again.
    """
    due = due_commands(shards=shards, now=now)
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
