"""Process messages about pictures, for a part of each step only. What is left of them waits for the next step."""

import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from itertools import chain

from server_broker.ingest.costs import Costs
from server_broker.ingest.ladder import Ladder
from server_broker.ingest.messages import Incoming

_log = logging.getLogger(__name__)

BLOBS_S = 0.5
"""After so long the rest of the messages about pictures waits for the next step."""
BLOBS_OF_ONE = 2
"""Messages about pictures of a station in one batch. They may complete as many pictures, which may be hard to open, and
nothing can be put off within a batch. By the contract a station has one under way."""


class PictureQueue:
    """What is about pictures and waits. Only the worker's thread uses it."""

    def __init__(self, ladder: Ladder, costs: Costs) -> None:
        """Make an empty queue. Batches are stored by ``ladder``, and divided as ``costs`` says."""
        self._ladder = ladder
        self._costs = costs
        self._waiting: list[Incoming] = []
        """What an earlier step had no time for."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits. No more messages are taken while something does."""
        return not self._waiting

    def process(self, messages: Sequence[Incoming]) -> int:
        """Process what waits and then these, at least a batch, and return how many messages were processed."""
        until = time.monotonic() + BLOBS_S
        waiting = [*self._waiting, *messages]
        batches = deque(part for batch in self._costs.batches(waiting) for part in _by_turns(batch))
        done = 0
        while batches and (not done or time.monotonic() < until):
            batch = batches.popleft()
            self._ladder.store(batch)
            done += len(batch)
        # Those of a station are still in order, but for what reached its limit and was put back.
        self._waiting = list(chain.from_iterable(batches))
        return done


def _by_turns(messages: Sequence[Incoming]) -> list[list[Incoming]]:
    """Return messages in batches, each with at most `BLOBS_OF_ONE` of a station. Those of a station stay in order."""
    batches: defaultdict[int, list[Incoming]] = defaultdict(list)
    before: Counter[str] = Counter()
    for message in messages:
        batches[before[message.station] // BLOBS_OF_ONE].append(message)
        before[message.station] += 1
    return list(batches.values())
