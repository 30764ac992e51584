"""How long the county has listened without a break, and its look for the silent once a minute.

Used on the worker's thread. Durations are monotonic. When a station was heard is told by the machine's clock; after a
step of it old times and new ones can't be compared, so every connection is in doubt and the listening begins anew.
"""

from datetime import datetime, timedelta

from server_broker.fleet.silence import doubt_connections, watch_silence

LOOK_EVERY_MS = 60_000
BREAK_MS = 300_000
"""Who has not looked for so long has not listened: the machine slept, or the database was away and what stations said
still waits."""


class SilenceWatch:
    """One for the worker's life."""

    def __init__(self, *, shard: int, mono_ms: int) -> None:
        self._shard = shard
        self._listens_since_ms = mono_ms
        self._came_by_ms = mono_ms
        self._look_at_ms = mono_ms
        self._run: bytes | None = None

    def begin_anew(self, *, now: datetime, mono_ms: int) -> None:
        """Put every connection in doubt, and count from now on how long the county has listened."""
        doubt_connections(shard=self._shard, now=now)
        self._listens_since_ms = mono_ms

    def come_by(self, *, now: datetime, mono_ms: int, connected: bool, run: bytes | None) -> None:
        """Look for the silent when a minute has passed.

        Args:
            connected: Whether stations can be heard now.
            run: The stretch of the county's clock that goes on; ``now`` was read before it was looked at, so that a
                step in ``now`` shows in it.
        """
        if run != self._run:
            if self._run is not None:
                self.begin_anew(now=now, mono_ms=mono_ms)
            self._run = run
        if not connected or mono_ms - self._came_by_ms > BREAK_MS:
            self._listens_since_ms = mono_ms
        self._came_by_ms = mono_ms
        if mono_ms < self._look_at_ms:
            return
        listened = timedelta(milliseconds=mono_ms - self._listens_since_ms)
        watch_silence(shard=self._shard, now=now, listened=listened)
        self._look_at_ms = mono_ms + LOOK_EVERY_MS
