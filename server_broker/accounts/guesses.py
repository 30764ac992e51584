"""Let guesses at a secret take turns: a few at the same time, and only one of each network address.

Each guess costs a slow hash. Many guesses of one address wait in a short line and are refused if the line is full,
while other addresses still get their turns. And because guesses of one address run one after another, each is counted
before the next one is tried.
"""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.http import HttpRequest

from server_broker.accounts.hashers import HASHES_AT_ONCE
from server_broker.platform.network import network_source

PATIENCE_S = 5.0
WAITING_OF_ONE = 16
WAITING = 24
"""Most waiting guesses. Each takes one of the web server's places (`server_broker.console.handler`), and pages need
some too."""
RETRY_AFTER_S = 5


class TooBusy(Exception):
    """No turn is free. Nothing was tried or counted; the client may send the same request again soon."""


class Turns:
    """Hands out turns. Safe to use from several threads."""

    def __init__(self, *, at_once: int, waiting: int, waiting_of_one: int, patience_s: float) -> None:
        """
        Args:
            at_once: Most turns at the same time, each of another source.
            waiting: Most that may wait, of all sources.
            waiting_of_one: Most that may wait of one source.
            patience_s: Longest wait.
        """
        self._at_once = at_once
        self._most_waiting = waiting
        self._most_waiting_of_one = waiting_of_one
        self._patience_s = patience_s
        self._running: set[str] = set()
        self._line: deque[tuple[str, object]] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, source: str) -> Iterator[None]:
        """Wait for a turn of ``source``, and hold it in the block.

        Raises:
            TooBusy: The line is full, or no turn was free in time.
        """
        self._take(source)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(source)
                self._changed.notify_all()

    def waiting(self, source: str) -> int:
        """Return how many guesses of ``source`` wait now."""
        with self._changed:
            return self._waiting_of(source)

    def _take(self, source: str) -> None:
        place = (source, object())
        with self._changed:
            self._make_room(source)
            self._line.append(place)
            try:
                called = self._changed.wait_for(
                    lambda: place not in self._line or self._is_next(place), self._patience_s
                )
                # The place is gone from the line if `_make_room` gave it to another source meanwhile.
                if not called or place not in self._line:
                    raise TooBusy
                self._running.add(source)
            finally:
                if place in self._line:
                    self._line.remove(place)
                self._changed.notify_all()

    def _make_room(self, source: str) -> None:
        """Check that ``source`` may wait; if the line is full, make room for it.

        The source that waits most often then loses its last place, if it keeps at least as many as ``source`` gets.
        Otherwise a few sources together could fill the line and keep all others out.
        """
        waiting = self._waiting_of(source)
        if waiting >= self._most_waiting_of_one:
            raise TooBusy
        if len(self._line) < self._most_waiting:
            return
        most, count = Counter(other for other, _ in self._line).most_common(1)[0]
        if count <= waiting + 1:
            raise TooBusy
        self._line.remove(next(place for place in reversed(self._line) if place[0] == most))
        self._changed.notify_all()

    def _is_next(self, place: tuple[str, object]) -> bool:
        """Tell whether a turn is free and ``place`` is the first in line whose source has none."""
        if len(self._running) >= self._at_once:
            return False
        return place is next((one for one in self._line if one[0] not in self._running), None)

    def _waiting_of(self, source: str) -> int:
        return sum(one == source for one, _ in self._line)


turns = Turns(at_once=HASHES_AT_ONCE, waiting=WAITING, waiting_of_one=WAITING_OF_ONE, patience_s=PATIENCE_S)
"""The turns of this process. The county's web server is a single process."""


@contextmanager
def guess(request: HttpRequest) -> Iterator[None]:
    """Wait for a turn, and let the block try one guess. A waiting guess holds no database connection.

    Raises:
        TooBusy: Respond with 503 and ``Retry-After``.
    """
    # Connections to PostgreSQL are few, and a line of waiting guesses must not take them from the pages.
    if not connection.in_atomic_block:
        connection.close()
    with turns.turn(network_source(request.META.get("REMOTE_ADDR", ""))):
        yield
