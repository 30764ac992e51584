"""Look for silent stations once a minute, and know for how long the county has listened without a break.

A station counts as silent only if the county could have heard it all the time. Only the worker's thread uses this.
Durations are monotonic. But the time at which a station was last heard comes from the machine's clock. After a step of
that clock, times before and after it cannot be compared. So every connection is then in doubt, and the county begins to
listen anew.
"""

from datetime import datetime, timedelta

from server_broker.fleet.silence import doubt_connections, watch_silence

LOOK_EVERY_MS = 60_000
BREAK_MS = 300_000
"""If the worker has not called `SilenceWatch.look` for so long, it has not listened either.

The machine slept, or the database was away and the messages of the stations still wait.
"""


class SilenceWatch:
    """One object lives as long as the worker."""

    def __init__(self, *, shard: int, mono_ms: int) -> None:
        self._shard = shard
        self._listens_since_ms = mono_ms
        self._last_called_ms = mono_ms
        self._look_at_ms = mono_ms
        self._run: bytes | None = None

    def begin_anew(self, *, now: datetime, mono_ms: int) -> None:
        """Put every connection in doubt, and count from now on for how long the county has listened."""
        doubt_connections(shard=self._shard, now=now)
        self._listens_since_ms = mono_ms

    def look(self, *, now: datetime, mono_ms: int, connected: bool, run: bytes | None) -> None:
        """Look for silent stations, if a minute has passed since the last look.

        Args:
            connected: Whether stations can be heard now.
            run: The present run of the county's clock. The caller must read ``now`` before it determines the run, so
                that a step of the clock which shows in ``now`` shows in the run too.
        """
        # A new run means that the clock has stepped. The first run that is seen is no step.
        if run != self._run:
            if self._run is not None:
                self.begin_anew(now=now, mono_ms=mono_ms)
            self._run = run
        if not connected or mono_ms - self._last_called_ms > BREAK_MS:
            self._listens_since_ms = mono_ms
        self._last_called_ms = mono_ms
        if mono_ms < self._look_at_ms:
            return
        listened = timedelta(milliseconds=mono_ms - self._listens_since_ms)
        watch_silence(shard=self._shard, now=now, listened=listened)
        self._look_at_ms = mono_ms + LOOK_EVERY_MS
