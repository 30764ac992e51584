"""Count the actions of people that still wait for the county's receipt: the kiosk shows this number.

Someone who touched a card twice while the network was gone expects to read 还有 2 条没传到县里. Facts that the station
states on its own account (a picture was taken, the clock was corrected) wait too, but are not counted.
"""

from collections import deque

from agent.storage.recent import ReadableStream, first_made
from protocol.envelope import SENT_FACTS
from protocol.facts import Attempt, DirectionChosen, Fact, HelpAsked, LevelEnded, NumberEntered, PinSet, Touch
from protocol.units import FactRef

_ACTIONS = (Touch, DirectionChosen, Attempt, LevelEnded, HelpAsked, PinSet)
MAX_READ = 2_000
"""Facts read in one call, so that the core is never busy for long: a long backlog is counted in several calls."""


class PendingCount:
    """Counts incrementally: each waiting fact is read once."""

    def __init__(self, stream: ReadableStream) -> None:
        self._stream = stream
        self._epoch = b""
        self._receipted = 0
        self._read = 0
        self._actions: deque[int] = deque()

    def count(self) -> int:
        """Return how many actions wait.

        Raises:
            StorageFailed: The file is damaged.
        """
        receipted = self._stream.receipted
        # A new stream, or a restored county that lost facts: what was counted no longer holds.
        if self._stream.epoch != self._epoch or receipted < self._receipted:
            self._epoch, self._read = self._stream.epoch, receipted
            self._actions.clear()
        self._receipted = receipted
        self._read = max(self._read, receipted)
        while self._actions and self._actions[0] <= receipted:
            self._actions.popleft()
        end = min(self._stream.through, self._read + MAX_READ)
        while self._read < end:
            envelope = self._stream.envelope_after(self._read, max_facts=min(SENT_FACTS, end - self._read))
            if envelope is None:
                # The next fact can't be read. The rest is not looked at again: this is a number on a screen.
                self._read = end
                break
            for seq, sealed in enumerate(envelope.facts, start=envelope.first):
                made = first_made(FactRef(epoch=self._epoch, seq=seq), sealed.body)
                if made is not None and _is_action(made[1]):
                    self._actions.append(seq)
            self._read = envelope.head.through
        return len(self._actions)


def _is_action(fact: Fact) -> bool:
    # A number that was entered to read something, or mistyped, is nothing that anybody would miss.
    return isinstance(fact, _ACTIONS) or (isinstance(fact, NumberEntered) and fact.clocks)
