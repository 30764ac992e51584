"""Stations for which PostgreSQL has announced something (NOTIFY), kept until each was dealt with."""

from collections.abc import Collection, Iterable
from itertools import islice

import psycopg
from django.db import connection

from server_broker.fleet.models import Station


class AnnouncedStations:
    """An ordered set of stations: the one that was announced first comes first.

    PostgreSQL does not repeat what it announced while nobody listened. So every station is in the set each time
    listening begins.
    """

    def __init__(self, channel: str, *, shards: Collection[int] | None = None) -> None:
        """``shards``: of which stations are looked at when listening begins; None: of all."""
        self._channel = channel
        self._shards = shards
        self._listening_on: object = None
        self._stations: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._stations)

    def listen(self, *, wait_s: float = 0.0) -> None:
        """Listen on the present connection, and take in what was announced.

        Args:
            wait_s: How long to wait for the first announcement, unless listening has just begun.

        Raises:
            django.db.Error: The database is away. No station is forgotten.
        """
        connection.ensure_connection()
        raw: psycopg.Connection[object] = connection.connection
        # LISTEN belongs to a connection. On a new one nobody knows what was announced since the last one ended.
        if self._listening_on is not raw:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {self._channel}")
            self._listening_on = raw
            found = Station.objects.filter(revoked_at=None, enrolled_at__isnull=False)
            if self._shards is not None:
                found = found.filter(shard__in=self._shards)
            self.add(found.values_list("id", flat=True))
            wait_s = 0.0
        with connection.wrap_database_errors:
            self.add(notice.payload for notice in raw.notifies(timeout=wait_s, stop_after=1 if wait_s else None))

    def add(self, stations: Iterable[str]) -> None:
        """Add stations that are not in the set yet."""
        self._stations |= dict.fromkeys(stations)

    def first(self, most: int) -> list[str]:
        """Return the first stations. They stay in the set until `remove`."""
        return list(islice(self._stations, most))

    def remove(self, station: str) -> None:
        """Remove a station that was dealt with."""
        del self._stations[station]
