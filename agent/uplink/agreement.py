"""Find out which facts the county has: compare the heads at a birth, and reissue what it lost of earlier streams.

The county may always have less than the station: it was away, or it was restored from a backup. Then the rest is sent
again. It may never have more, or other facts, or a signed head that this stream does not lead to. Then the station's
file is an older copy or a clone, and its stream ends.
"""

import logging
from collections import deque
from copy import replace
from typing import Literal

from msgspec import Struct

from agent.storage.outbox.earlier import EarlierStream
from agent.uplink.ports import Stream, StreamView
from protocol.birth import Compare, Match, Welcome

log = logging.getLogger(__name__)

FACTS_AT_ONCE = 500
"""How many facts are reissued before other work has its turn. Nobody should wait at the reader for the whole past."""


class Continue(Struct, frozen=True):
    """Both sides agree up to ``after``: send what follows.

    ``lowered`` is true if the county lacks facts which it once receipted, because it was restored from a backup.
    """

    after: int
    lowered: bool = False


class Disagree(Struct, frozen=True):
    """The stream can't go on. ``ahead``: the county has more facts than the station; ``differs``: other facts."""

    reason: Literal["ahead", "differs"]
    county_through: int


def agree(stream: StreamView, welcome: Welcome) -> Continue | Disagree:
    """Compare the station's stream with what the county's welcome says of the same epoch."""
    if welcome.through > stream.through:
        return Disagree(reason="ahead", county_through=welcome.through)
    if welcome.through > 0 and stream.head_at(welcome.through) != welcome.head:
        return Disagree(reason="differs", county_through=welcome.through)
    # The county may know heads that this station signed for facts which the county does not have (any more). A stream
    # that does not lead to each of them is not the one that was signed.
    for mark in welcome.signed:
        if mark.seq > stream.through:
            return Disagree(reason="ahead", county_through=welcome.through)
        if stream.head_at(mark.seq) != mark.head:
            return Disagree(reason="differs", county_through=welcome.through)
    return Continue(after=welcome.through, lowered=welcome.through < stream.receipted)


class Reissuer:
    """Gives a county that was restored from a backup the facts that it lost of streams before the current one.

    What the county had of an earlier stream was not reissued in any later stream. So it is asked about each earlier
    stream, the latest first, and what it lacks is reissued in the current stream under the fact's first name.

    The progress outlives a connection, but not the program: it is kept in memory only. A run that ends before the
    county's new generation is stored begins again at the first stream. That costs data, but no fact counts twice,
    because the county knows a reissued fact by its first name.
    """

    def __init__(self, *, station: str, stream: Stream) -> None:
        self._station = station
        self._stream = stream
        self._generation = 0
        self._left: deque[EarlierStream] = deque()
        self._after: int | None = None
        """Up to which seq the county has the first stream of ``_left``; None until it has answered."""

    def begin(self, generation: int) -> None:
        """Start for a county of this generation, or go on if that was begun."""
        if generation != self._generation:
            self._generation = generation
            self._left = deque(self._stream.earlier_streams())
            self._after = None

    @property
    def done(self) -> bool:
        """Whether the county has every fact of earlier streams, or finds it in the current stream."""
        return not self._left

    @property
    def question(self) -> Compare | None:
        """What to ask the county next, or None if there is nothing to ask now."""
        if self.done or self._after is not None:
            return None
        return Compare(station=self._station, epoch=self._left[0].epoch, marks=self._left[0].heads)

    def on_match(self, match: Match) -> int | None:
        """Take the county's answer to `question`.

        Returns:
            How many facts the county lacks, or None if the match answers something else.
        """
        # Of an ended stream the county never had more than it had matched.
        question = self.question
        if question is None or match.epoch != question.epoch or match.through > self._left[0].matched:
            return None
        self._after = match.through
        return self._left[0].matched - match.through

    def reissue_some(self) -> None:
        """Reissue at most `FACTS_AT_ONCE` facts. After the last one of a stream the next stream has its turn.

        Raises:
            StorageFull: Nothing was written; try again later.
            StorageFailed: Nothing of it counts.
        """
        if self.done or self._after is None:
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
