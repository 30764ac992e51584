"""Several ingest workers, each a process with its share of the stations, kept by the program of the part.

To whoever starts, stops and watches the part it is one program, however many workers there are. A worker that dies is
started again alone. One that hangs is not told from outside: each beats into a pipe, and the program says that it is
alive only while all of them beat. A worker whose keeper is gone ends by itself, because its lease would keep the next
keeper's workers waiting.
"""

import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from server_broker.platform.shards import Share

_log = logging.getLogger(__name__)

BEAT_S = 1.0
SILENT_S = 30.0
"""A worker that has not beaten for so long hangs. It beats while it waits for the database, too."""
RESTART_S = 1.0
STOP_S = 20.0
"""A worker that was told to stop ends its batch. After so long it is killed."""


@dataclass(slots=True)
class _Member:
    share: Share
    process: "subprocess.Popen[bytes]"
    beats: int
    """The end of the pipe at which its beats come."""
    heard_s: float


class Crew:
    """Runs as many workers as it is told to."""

    def __init__(self, workers: int, *, stop: threading.Event, alive: Callable[[], None]) -> None:
        """``alive`` is called while all workers work."""
        self._shares = [Share(place, workers) for place in range(workers)]
        self._stop = stop
        self._alive = alive
        self._members: dict[Share, _Member] = {}
        self._due: dict[Share, float] = dict.fromkeys(self._shares, 0.0)
        """When each worker that does not run is started."""
        self._beats = selectors.DefaultSelector()

    def run(self) -> None:
        """Keep the workers running until told to stop, and end them."""
        try:
            while not self._stop.is_set():
                self._start_due()
                for key, _ in self._beats.select(BEAT_S):
                    self._hear(self._members[key.data])
                # Told by the pipe too, but a child of the worker may hold its end of that open.
                for member in [member for member in self._members.values() if member.process.poll() is not None]:
                    self._ended(member)
                if all(time.monotonic() - member.heard_s < SILENT_S for member in self._members.values()):
                    self._alive()
        finally:
            self._end()

    def pids(self) -> list[int]:
        """Return the process ids of the workers that run, in the order of their shares."""
        return [self._members[share].process.pid for share in self._shares if share in self._members]

    def _start_due(self) -> None:
        now = time.monotonic()
        for share in [share for share, at in self._due.items() if at <= now]:
            del self._due[share]
            beats, theirs = os.pipe()
            command = [sys.executable, "-P", "-m", "server_broker.ingest", "--share", str(share), "--beat", str(theirs)]
            # The pipe at its standard input is never written to. It ends with this program, and that tells the worker.
            process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[theirs])  # noqa: S603 - ours
            os.close(theirs)
            self._members[share] = _Member(share, process, beats, now)
            self._beats.register(beats, selectors.EVENT_READ, share)

    def _hear(self, member: _Member) -> None:
        if os.read(member.beats, 4096):
            member.heard_s = time.monotonic()
        else:
            self._ended(member)

    def _ended(self, member: _Member) -> None:
        self._forget(member)
        status = member.process.wait()
        if not self._stop.is_set():
            _log.error("the worker of share %s has ended with status %d; it is started again", member.share, status)
        self._due[member.share] = time.monotonic() + RESTART_S

    def _forget(self, member: _Member) -> None:
        self._beats.unregister(member.beats)
        os.close(member.beats)
        del self._members[member.share]
        assert member.process.stdin is not None
        member.process.stdin.close()

    def _end(self) -> None:
        members = list(self._members.values())
        for member in members:
            member.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        for member in members:
            try:
                member.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                member.process.kill()
                member.process.wait()
            self._forget(member)
        self._beats.close()


class Beat:
    """A worker's side: its beats, and the end of its keeper."""

    def __init__(self, descriptor: int, *, stop: threading.Event) -> None:
        self._descriptor = descriptor
        self._stop = stop
        self._beaten_s = 0.0
        os.set_blocking(descriptor, False)
        os.set_inheritable(descriptor, False)
        threading.Thread(target=self._follow_keeper, name="keeper", daemon=True).start()

    def beat(self) -> None:
        """Tell the keeper that this worker works, once every `BEAT_S`."""
        now = time.monotonic()
        if now - self._beaten_s >= BEAT_S:
            self._beaten_s = now
            # The keeper has not read for long, or is gone. `_follow_keeper` sees to that.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, b".")

    def _follow_keeper(self) -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self._stop.set()
        time.sleep(STOP_S)
        os._exit(1)
