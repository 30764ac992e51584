"""Measure how long a batch was worked on, apart from what it waited for, and end one that is worked on for too long.

A batch that takes seconds may be dear itself, or the disk is slow, or the machine stood still. Only the first is its
station's doing. Two things tell it, and neither runs on while something waits:

- the CPU time of the worker's own thread;
- what PostgreSQL does for the worker at a moment: once a batch has taken `SLOW_S`, another connection asks every
  `LOOK_S`. A backend that is active and waits for nothing computes. It waits for a COMMIT, a read of the disk, a lock
  or a replica under a name (`wait_event_type` in pg_stat_activity), and that is not counted.

A machine that stands still lets nobody look, so less is counted there and never more. What the database can't be asked
is not counted either. An honest station's batches take a few hundredths of a second, so for them nobody looks.

**A batch may have a limit.** Beyond it PostgreSQL is told to cancel the batch's statement, and `guard`, which stands
around each statement but COPY, raises `TookTooLong`. That happens before COMMIT or not at all: a COMMIT that is
cancelled while it waits for a replica counts as done (PostgreSQL, "Planning for High Availability"), and its receipts
would promise what one machine alone has. So a cancel is sent only during a statement, and the statement does not end
before it is sent. PostgreSQL forgets a cancel that it gets between two statements.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import Error, connection

from server_broker.ingest.costs import SLOW_S

LOOK_S = 0.1


class TookTooLong(Exception):
    """A batch was worked on for longer than its limit. Nothing of it is stored."""


class OwnWork:
    """Measures the batches of one thread, one after the other. `begin` and `end` belong to that thread."""

    def __init__(self, computes: Callable[[int], bool] | None = None) -> None:
        """Make it. Until `start` it counts the thread's own time alone, and no limit is heeded.

        Args:
            computes: Tells whether a backend of PostgreSQL computes at this moment.
        """
        self._computes = computes or backend_computes
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._batch: _Batch | None = None

    def start(self) -> None:
        """Begin to look at PostgreSQL for batches that take long."""
        self._thread = threading.Thread(target=self._look, name="own-work", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the looking. It is over within the time that a statement of the database takes."""
        self._stop.set()

    def begin(self, backend: int, *, most_s: float | None = None) -> None:
        """Begin a batch, which ``backend`` (its process id) stores.

        Args:
            most_s: For how many seconds it may be worked on. None: as long as it takes.
        """
        self._batch = _Batch(backend, most_s)

    def end(self) -> float:
        """End the batch and return for how many seconds the worker and PostgreSQL computed."""
        batch, self._batch = self._batch, None
        return batch.own_s() if batch is not None else 0.0

    def guard(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run a statement of the batch. It is for `connection.execute_wrapper`.

        Raises:
            TookTooLong: Once in a batch, at the statement that its limit ends, or the next one.
        """
        batch = self._batch
        if batch is None:
            return execute(sql, params, many, context)
        batch.begin_statement()
        try:
            return execute(sql, params, many, context)
        finally:
            batch.end_statement()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            batch = self._batch
            if batch is None or time.monotonic() - batch.began < SLOW_S:
                # Not kept: the next batch that takes so long may be hours away.
                connection.close()
                continue
            try:
                # It may have ended meanwhile, and then nobody reads this any more.
                batch.looks += self._computes(batch.backend)
                batch.heed_limit()
            except Error:
                # Then nothing is known, and the worker itself finds out that the database is away.
                connection.close()
        connection.close()


class _Batch:
    """A batch that is under way."""

    __slots__ = ("_cpu", "_cut", "_cut_told", "_in_statement", "_lock", "_most_s", "backend", "began", "cpu_s", "looks")

    def __init__(self, backend: int, most_s: float | None) -> None:
        self.backend = backend
        self.began = time.monotonic()
        # Of the worker's thread: the other one reads it too.
        self._cpu = time.pthread_getcpuclockid(threading.get_ident())
        self.cpu_s = time.clock_gettime(self._cpu)
        self.looks = 0
        """How often PostgreSQL was seen to compute."""
        self._most_s = most_s
        self._lock = threading.Lock()
        """Held while a cancel is sent, so that the statement can't end meanwhile."""
        self._in_statement = self._cut = self._cut_told = False

    def own_s(self) -> float:
        """Return for how many seconds the batch was worked on so far."""
        return time.clock_gettime(self._cpu) - self.cpu_s + self.looks * LOOK_S

    def heed_limit(self) -> None:
        """If the batch was worked on for too long, have its statement cancelled.

        Raises:
            django.db.Error: The database did not answer. The batch ends at its next statement.
        """
        if self._most_s is None or self._cut or self.own_s() <= self._most_s:
            return
        with self._lock:
            self._cut = True
            if self._in_statement:
                cancel_statement(self.backend)

    def begin_statement(self) -> None:
        """Note that a statement begins.

        Raises:
            TookTooLong: The limit is over.
        """
        with self._lock:
            self._tell_once()
            self._in_statement = True

    def end_statement(self) -> None:
        """Note that a statement is over, failed or was cancelled.

        Raises:
            TookTooLong: The limit is over.
        """
        with self._lock:
            self._in_statement = False
            self._tell_once()

    def _tell_once(self) -> None:
        """Raise `TookTooLong` for the first time only: the statements that roll back come after it."""
        if self._cut and not self._cut_told:
            self._cut_told = True
            raise TookTooLong


def backend_computes(backend: int) -> bool:
    """Tell whether a backend runs a statement at this moment and waits for nothing.

    Raises:
        django.db.Error: The database did not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND wait_event_type IS NULL", [backend]
        )
        return cursor.fetchone() is not None


def cancel_statement(backend: int) -> None:
    """Have PostgreSQL cancel what a backend of ours does at this moment.

    Raises:
        django.db.Error: The database did not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_cancel_backend(%s)", [backend])
