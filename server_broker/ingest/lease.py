"""The right to work some shards, and the patience to wait for the database that gives it."""

import logging
import os
import random
import socket
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import Error, connection

from server_broker.ingest.durable import wait_for_the_disk
from server_broker.ingest.models import IngestLease
from server_broker.platform.shards import Share
from server_broker.platform.transient import is_transient

_log = logging.getLogger(__name__)

RETRY_FIRST_S = 0.2
RETRY_MOST_S = 2.0

LOCK_SPACE = 0x43554E48
"""First key of our PostgreSQL advisory locks ("CUNH"). The second key is a shard."""


class Stopped(Exception):
    """Told to stop while waiting for the database: what is in hand stays unacknowledged and comes again."""


class Lease:
    """The right to work some shards: an advisory lock for each, on the very connection that writes.

    If that connection dies, the locks and the uncommitted writes die together. So two workers never write at once, also
    while the workers of another division of the shards have not ended yet.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._held_on: object = None
        self._warned = False

    def hold(self, *, now: datetime) -> bool:
        """Take the lease, or make sure that it is still ours; return whether it is.

        Raises:
            OperationalError: The database is away.
        """
        connection.ensure_connection()
        # The lock belongs to a connection: if Django has opened another one since, the lease must be taken again.
        if self._held_on is connection.connection:
            return True
        with connection.cursor() as cursor:
            # No statement of the intake may read a table whole. PostgreSQL does so where one station has most rows of
            # it, because it takes the station for one that has as many as any.
            cursor.execute("SET enable_seqscan = off")
            shards = list(self._share.shards)
            cursor.execute("SELECT s, pg_try_advisory_lock(%s, s) FROM unnest(%s::int[]) AS s", [LOCK_SPACE, shards])
            ours = [shard for shard, locked in cursor.fetchall() if locked]
            if len(ours) < len(shards):
                # All or none: two workers that each held some of the other's would wait for each other.
                cursor.execute("SELECT pg_advisory_unlock(%s, s) FROM unnest(%s::int[]) AS s", [LOCK_SPACE, ours])
                if not self._warned:
                    _log.warning("share %s: another worker holds the lease; waiting", self._share)
                self._warned = True
                return False
        wait_for_the_disk()
        worker = f"{socket.gethostname()[:48]}:{os.getpid()}"
        IngestLease.objects.bulk_create(
            [IngestLease(shard=shard, worker=worker, since=now) for shard in shards],
            update_conflicts=True,
            unique_fields=["shard"],
            update_fields=["worker", "since"],
        )
        self._held_on, self._warned = connection.connection, False
        _log.info("share %s: lease taken", self._share)
        return True


class LeasedDatabase:
    """The database, with the lease in hand. It may be away for hours."""

    def __init__(
        self, share: Share, *, clock: Callable[[], datetime], stop: threading.Event, alive: Callable[[], None]
    ) -> None:
        """Make it.

        Args:
            alive: Called at each try.
            stop: Set, it ends the waiting.
        """
        self._lease = Lease(share)
        self._clock = clock
        self._stop = stop
        self._alive = alive

    def do[T](self, action: Callable[[], T]) -> T:
        """Take the lease and return what ``action`` returns.

        Try again while the database is away or another worker holds the lease. ``action`` is called on the connection
        that holds the lease. It opens its own transaction, or none.

        Raises:
            Stopped: The worker was told to stop meanwhile.
            django.db.Error: The database refuses what ``action`` does, and would refuse it again.
        """
        delay = RETRY_FIRST_S
        warned = False
        while True:
            self._alive()
            try:
                if self._lease.hold(now=self._clock()):
                    result = action()
                    if warned:
                        _log.info("the database takes facts again")
                    return result
            except Error as error:
                if not is_transient(error):
                    raise
                if not warned:
                    _log.warning("the database does not take anything: %s", str(error).splitlines()[0])
                warned = True
                # The next try opens a new connection: this one may be dead without knowing it.
                connection.close()
            if self._stop.wait(delay * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads retries, guards nothing
                raise Stopped
            delay = min(delay * 2, RETRY_MOST_S)
