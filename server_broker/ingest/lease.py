"""One ingest worker works a shard: a PostgreSQL advisory lock on the very connection that writes.

Should the connection die, the lock and the writes die together; two workers never write at once. On it a COMMIT
waits for the disk, whatever the database's own settings say.
"""

import logging
import os
import socket
from datetime import datetime

from django.db import connection

from server_broker.ingest.models import IngestLease

_log = logging.getLogger(__name__)

_SPACE = 0x43554E48
"""First key of our advisory locks ("CUNH"); the second is the shard."""

_WAIT_FOR_THE_DISK = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


def wait_for_the_disk() -> None:
    """Have each COMMIT of this connection wait for the disk: who says that facts are stored must not say an untruth."""
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_THE_DISK)


class Lease:
    """The right to work one shard."""

    def __init__(self, shard: int) -> None:
        self._shard = shard
        self._held_on: object = None
        self._told = False

    def hold(self, *, now: datetime) -> bool:
        """Take the lease, or make sure that it is still ours; return whether it is.

        Raises:
            OperationalError: The database is away.
        """
        connection.ensure_connection()
        if self._held_on is connection.connection:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SPACE, self._shard])
            if not cursor.fetchone()[0]:
                self._tell_once()
                return False
        wait_for_the_disk()
        worker = f"{socket.gethostname()[:48]}:{os.getpid()}"
        IngestLease.objects.update_or_create(shard=self._shard, defaults={"worker": worker, "since": now})
        self._held_on, self._told = connection.connection, False
        _log.info("shard %d: lease taken", self._shard)
        return True

    def _tell_once(self) -> None:
        if not self._told:
            _log.warning("shard %d: another worker holds the lease; waiting", self._shard)
        self._told = True
