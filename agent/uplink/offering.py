"""What a county that came back from a backup is offered of the streams before the current one.

What it had matched of them is in no later stream. So it is asked about each, the latest first, and what it lacks is
said again in the current stream under its first name. The place is kept across connections. A run of the program that
ends before the new generation is remembered begins anew: that costs data, and doubles nothing.
"""

import logging
from collections import deque
from dataclasses import replace

from agent.storage.outbox.earlier import EarlierStream
from agent.uplink.ports import Stream
from protocol.birth import Compare, Match

log = logging.getLogger(__name__)

FACTS_AT_ONCE = 500
"""So many are said again before anything else may happen: nobody waits at the reader for the whole past."""


class Offering:
    """Goes through the earlier streams, one question and one answer at a time."""

    def __init__(self, *, station: str, stream: Stream) -> None:
        self._station = station
        self._stream = stream
        self._generation = 0
        self._left: deque[EarlierStream] = deque()
        self._after: int | None = None

    def begin(self, generation: int) -> None:
        """Start for a county of this generation, or go on where that stopped."""
        if generation != self._generation:
            self._generation = generation
            self._left = deque(self._stream.earlier_streams())
            self._after = None

    @property
    def over(self) -> bool:
        """Whether the county has everything, or it is in the current stream."""
        return not self._left

    @property
    def question(self) -> Compare | None:
        """What to ask next; None while there is nothing to ask."""
        if self.over or self._after is not None:
            return None
        return Compare(station=self._station, epoch=self._left[0].epoch, marks=self._left[0].heads)

    def answered(self, match: Match) -> int | None:
        """Take the answer to `question`.

        Returns:
            How many facts the county lacks; None where the match answers something else.
        """
        question = self.question
        if question is None or match.epoch != question.epoch or match.through > self._left[0].matched:
            return None
        self._after = match.through
        return self._left[0].matched - match.through

    def say_some(self) -> None:
        """Say again some of what the county lacks; the last of a stream leads on to the next.

        Raises:
            StorageFull: Nothing was written; try again later.
            StorageFailed: Nothing of it counts.
        """
        if self.over or self._after is None:
            return
        earlier = self._left[0]
        through = min(self._after + FACTS_AT_ONCE, earlier.matched)
        if through > self._after:
            self._stream.reissue_earlier(replace(earlier, matched=through), after=self._after)
            log.info("%s: facts %d to %d of an earlier stream said again", self._station, self._after + 1, through)
        self._after = through
        if through == earlier.matched:
            self._left.popleft()
            self._after = None
