"""Hand out a few places, with a fair share for each source. For a single event loop; waiting takes no thread.

A free place goes to a source that holds the fewest places, and among its waiting requests to the oldest. So a source
that holds none is next, even if many requests of another source wait.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server_broker.accounts.guesses import TooBusy


class Places:
    """A limited number of places. All calls must come from the same event loop."""

    def __init__(self, *, at_once: int, of_one: int, waiting: int, waiting_of_one: int, patience_s: float) -> None:
        """
        Args:
            at_once: Most places that are held at the same time.
            of_one: Most of them for one source.
            waiting: Most that may wait, of all sources.
            waiting_of_one: Most that may wait of one source.
            patience_s: Longest wait.
        """
        self._at_once = at_once
        self._of_one = of_one
        self._most_waiting = waiting
        self._most_waiting_of_one = waiting_of_one
        self._patience_s = patience_s
        self._taken: Counter[str] = Counter()
        self._line: list[tuple[str, asyncio.Future[bool]]] = []
        """Those that wait, oldest first. A future's result tells whether its owner got a place or lost its turn."""

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """Hold a place of ``source`` in the block.

        Raises:
            TooBusy: The line is full, or no place was free in time.
        """
        await self._take(source)
        try:
            yield
        finally:
            self._give_back(source)

    @property
    def taken(self) -> int:
        """Number of places that are held now."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """Number of those that wait now."""
        return len(self._line)

    async def _take(self, source: str) -> None:
        self._make_room(source)
        called: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append((source, called))
        self._call_next()
        try:
            await asyncio.wait({called}, timeout=self._patience_s)
        except asyncio.CancelledError:
            # The place may have been given a moment before. Nobody else would give it back.
            if called.done() and called.result():
                self._give_back(source)
            raise
        finally:
            # Done means that `_call_next` or `_make_room` has removed it from the line already.
            if not called.done():
                self._line.remove((source, called))
        if not (called.done() and called.result()):
            raise TooBusy

    def _make_room(self, source: str) -> None:
        """Check that ``source`` may wait; if the line is full, make room for it.

        The source that waits most often then loses its last place in the line, if it keeps at least as many as
        ``source`` gets. Otherwise a few sources together could fill the line and keep all others out.
        """
        waiting = Counter(other for other, _ in self._line)
        if waiting[source] >= self._most_waiting_of_one:
            raise TooBusy
        if len(self._line) < self._most_waiting:
            return
        most, count = waiting.most_common(1)[0]
        if count <= waiting[source] + 1:
            raise TooBusy
        leaving = next(one for one in reversed(self._line) if one[0] == most)
        self._line.remove(leaving)
        leaving[1].set_result(False)

    def _give_back(self, source: str) -> None:
        self._taken[source] -= 1
        if not self._taken[source]:
            del self._taken[source]  # or the counter would grow with each address that ever came
        self._call_next()

    def _call_next(self) -> None:
        """Give free places to those that are next in the line."""
        while self.taken < self._at_once:
            admissible = [one for one in self._line if self._taken[one[0]] < self._of_one]
            if not admissible:
                return
            # `min` takes the first of equal ones, and the line has the oldest first.
            chosen = min(admissible, key=lambda one: self._taken[one[0]])
            self._line.remove(chosen)
            self._taken[chosen[0]] += 1
            chosen[1].set_result(True)
