"""Count the actions of people that still wait for the county's receipt: the kiosk shows this number.

Someone who touched a card twice while the network was gone expects to read 还有 2 条没传到县里. Facts that the station
states on its own account (a picture was taken, the clock was corrected) wait too, but are not counted.
"""

from agent.storage.recent import ReadableStream, first_made
from protocol.envelope import SENT_FACTS
from protocol.facts import (
    Attempt,
    DirectionChosen,
    Fact,
    FeedbackGiven,
    FeedbackRated,
    HelpAsked,
    LevelEnded,
    MeetingStepped,
    NumberEntered,
    PersonVouched,
    PinSet,
    RequestMade,
    RequestWithdrawn,
    Touch,
    VotesCounted,
)
from protocol.units import FactRef

_ACTIONS = (
    *(Touch, DirectionChosen, Attempt, LevelEnded, HelpAsked, PinSet, RequestMade, RequestWithdrawn),
    *(FeedbackGiven, FeedbackRated),
    *(MeetingStepped, PersonVouched, VotesCounted),
)
MAX_READ = 2_000
"""Facts read in one call, so that the core is never busy for long: a long backlog is counted in several calls."""


class PendingCount:
    """Counts incrementally: each waiting fact is read once."""

    def __init__(self, stream: ReadableStream) -> None:
        self._stream = stream
        self._epoch = b""
        self._receipted = 0
        self._marks = bytearray()
        """One byte for each fact after ``_receipted`` that was read, 1 for an action: a year without a line waits in
        memory too."""

    def count(self) -> int:
        """Return how many actions wait.

        Raises:
            StorageFailed: The file is damaged.
        """
        receipted = self._stream.receipted
        # A new stream, or a restored county that lost facts: what was counted no longer holds.
        if self._stream.epoch != self._epoch or receipted < self._receipted:
            self._epoch = self._stream.epoch
            self._marks.clear()
        else:
            del self._marks[: receipted - self._receipted]
        self._receipted = receipted
        self._read_on()
        return self._marks.count(1)

    def _read_on(self) -> None:
        read = self._receipted + len(self._marks)
        end = min(self._stream.through, read + MAX_READ)
        while read < end:
            envelope = self._stream.envelope_after(read, max_facts=min(SENT_FACTS, end - read))
            if envelope is None:
                # The next fact can't be read. The rest is not looked at again: this is a number on a screen.
                self._marks.extend(bytes(end - read))
                return
            for seq, sealed in enumerate(envelope.facts, start=envelope.first):
                made = first_made(FactRef(epoch=self._epoch, seq=seq), sealed.body)
                self._marks.append(made is not None and _is_action(made[1]))
            read = self._receipted + len(self._marks)


def _is_action(fact: Fact) -> bool:
    # A number that was entered to read something, or mistyped, is nothing that anybody would miss.
    return isinstance(fact, _ACTIONS) or (isinstance(fact, NumberEntered) and fact.clocks)
