"""How much of what people did here still waits for the county's receipt: the number that the kiosk shows.

Someone who touched a card twice with the network gone expects to read 还有 2 条没传到县里. What the station
notes on its own account (a picture was taken, the clock was corrected) travels too, but is nobody's deed.
"""

from collections import deque
from typing import Protocol

from agent.storage.recent import Readable, first_made
from protocol.envelope import SENT_FACTS
from protocol.facts import Attempt, DirectionChosen, HelpAsked, LevelEnded, Touch
from protocol.units import FactRef

_DEEDS = (Touch, DirectionChosen, Attempt, LevelEnded, HelpAsked)
MAX_READ = 2_000
"""Facts read at one look: a long backlog is counted in several."""


class Stream(Readable, Protocol):
    """What is needed of the outbox."""

    @property
    def receipted(self) -> int:
        """Last seq that the county has."""


class PendingCount:
    """Counts by reading each waiting fact once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._epoch = b""
        self._receipted = 0
        self._read = 0
        self._deeds: deque[int] = deque()

    def count(self) -> int:
        """Return how many deeds wait.

        Raises:
            StorageFailed: The file is damaged.
        """
        receipted = self._stream.receipted
        if self._stream.epoch != self._epoch or receipted < self._receipted:
            self._epoch, self._read = self._stream.epoch, receipted
            self._deeds.clear()
        self._receipted = receipted
        self._read = max(self._read, receipted)
        while self._deeds and self._deeds[0] <= receipted:
            self._deeds.popleft()
        self._read_on()
        return len(self._deeds)

    def _read_on(self) -> None:
        end = min(self._stream.through, self._read + MAX_READ)
        while self._read < end:
            envelope = self._stream.envelope_after(self._read, max_facts=min(SENT_FACTS, end - self._read))
            if envelope is None:
                self._read = end
                return
            for seq, sealed in enumerate(envelope.facts, start=envelope.first):
                made = first_made(FactRef(epoch=self._epoch, seq=seq), sealed.body)
                if made is not None and isinstance(made[1], _DEEDS):
                    self._deeds.append(seq)
            self._read = envelope.head.through
