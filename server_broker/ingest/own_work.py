"""Measure how long a batch was worked on, apart from what it waited for.

A batch that takes seconds may be dear itself, or the disk is slow, or the machine stood still. Only the first is its
station's doing. Two things tell it, and neither runs on while something waits:

- the CPU time of the worker's own thread;
- what PostgreSQL does for the worker at a moment: once a batch has taken `SLOW_S`, another connection asks every
  `LOOK_S`. A backend that is active and waits for nothing computes. It waits for a COMMIT, a read of the disk, a lock
  or a replica under a name (`wait_event_type` in pg_stat_activity), and that is not counted.

A machine that stands still lets nobody look, so less is counted there and never more. What the database can't be asked
is not counted either. An honest station's batches take a few hundredths of a second, so for them nobody looks.
"""

import threading
import time
from collections.abc import Callable

from django.db import Error, connection

from server_broker.ingest.costs import SLOW_S

LOOK_S = 0.1


class OwnWork:
    """Measures the batches of one thread, one after the other. `begin` and `end` belong to that thread."""

    def __init__(self, computes: Callable[[int], bool] | None = None) -> None:
        """Make it. Until `start` it counts the thread's own time alone.

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

    def begin(self, backend: int) -> None:
        """Begin a batch, which ``backend`` (its process id) stores."""
        self._batch = _Batch(backend)

    def end(self) -> float:
        """End the batch and return for how many seconds the worker and PostgreSQL computed."""
        batch, self._batch = self._batch, None
        if batch is None:
            return 0.0
        return time.thread_time() - batch.cpu_s + batch.looks * LOOK_S

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            batch = self._batch
            if batch is None or time.monotonic() - batch.began < SLOW_S:
                # Not kept: the next batch that takes so long may be hours away.
                connection.close()
                continue
            try:
                computes = self._computes(batch.backend)
            except Error:
                # Then nothing is known, and the worker itself finds out that the database is away.
                connection.close()
                continue
            # It may have ended meanwhile, and then nobody reads this any more.
            batch.looks += computes
        connection.close()


class _Batch:
    """A batch that is under way."""

    __slots__ = ("backend", "began", "cpu_s", "looks")

    def __init__(self, backend: int) -> None:
        self.backend = backend
        self.began = time.monotonic()
        self.cpu_s = time.thread_time()
        self.looks = 0
        """How often PostgreSQL was seen to compute."""


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
