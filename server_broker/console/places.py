"""Hand out places to work, few at once and a fair share to each source. For one event loop; who waits costs no thread.

A free place goes to who waits longest of those whose source has the fewest. So a source that has none is next, however
many of another wait.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server_broker.accounts.guesses import TooBusy


class Places:
    """So many places at once."""

    def __init__(self, *, at_once: int, of_one: int, waiting: int, waiting_of_one: int, patience_s: float) -> None:
        """
        Args:
            at_once: Places at the same time.
            of_one: Places of one source at the same time.
            waiting: Who may wait, in all.
            waiting_of_one: Who of one source may wait.
            patience_s: How long one waits at most.
        """
        self._at_once = at_once
        self._of_one = of_one
        self._most_waiting = waiting
        self._most_waiting_of_one = waiting_of_one
        self._patience_s = patience_s
        self._taken: Counter[str] = Counter()
        self._line: list[tuple[str, asyncio.Future[bool]]] = []
        """Each is told whether it has a place."""

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """Hold a place of ``source`` in the block.

        Raises:
            TooBusy: The line is full, or no place came up in time.
        """
        await self._take(source)
        try:
            yield
        finally:
            self._give_back(source)

    @property
    def taken(self) -> int:
        """How many places are held now."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._line)

    async def _take(self, source: str) -> None:
        self._make_room(source)
        called: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append((source, called))
        self._call()
        try:
            await asyncio.wait({called}, timeout=self._patience_s)
        except asyncio.CancelledError:
            if called.done() and called.result():
                self._give_back(source)
            raise
        finally:
            if not called.done():
                self._line.remove((source, called))
        if not (called.done() and called.result()):
            raise TooBusy

    def _make_room(self, source: str) -> None:
        """See that ``source`` may wait. Of a full line the last of who waits most leaves, where that is more often."""
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
            del self._taken[source]
        self._call()

    def _call(self) -> None:
        """Call in who is next, while there is room."""
        while self.taken < self._at_once:
            admissible = [one for one in self._line if self._taken[one[0]] < self._of_one]
            if not admissible:
                return
            chosen = min(admissible, key=lambda one: self._taken[one[0]])
            self._line.remove(chosen)
            self._taken[chosen[0]] += 1
            chosen[1].set_result(True)
