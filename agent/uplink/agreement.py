"""Where station and county stand to each other: the comparison of heads at a birth.

Pure: it takes the station's stream and the county's welcome and says what must follow. The county is always
allowed to have less (it was away, or came back from a backup): then the rest is sent again. It is never
allowed to have more, or something else, or to have heard a signed head that this stream does not lead to: then the
station's file is an older copy or a clone, and its stream ends.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from protocol.birth import Welcome


class StreamView(Protocol):
    """The station's current stream, as far as a comparison needs it."""

    @property
    def through(self) -> int:
        """The last committed seq."""

    @property
    def receipted(self) -> int:
        """The last seq that a receipt covers."""

    def head_at(self, seq: int) -> bytes | None:
        """The chain's value after ``seq``, or None where the stream has not got so far."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Both sides agree up to ``after``: send what follows.

    ``lowered`` is true when the county lacks facts which it once receipted (it came back from a backup).
    """

    after: int
    lowered: bool = False


@dataclass(frozen=True, slots=True)
class Disagree:
    """The stream can't go on. ``ahead``: the county knows of more than the station; ``differs``: of other facts."""

    reason: Literal["ahead", "differs"]
    county_through: int


def agree(stream: StreamView, welcome: Welcome) -> Continue | Disagree:
    """Compare the station's stream with what the county says of the same epoch."""
    if welcome.through > stream.through:
        return Disagree(reason="ahead", county_through=welcome.through)
    if welcome.through > 0 and stream.head_at(welcome.through) != welcome.head:
        return Disagree(reason="differs", county_through=welcome.through)
    for mark in welcome.signed:
        if mark.seq > stream.through:
            return Disagree(reason="ahead", county_through=welcome.through)
        if stream.head_at(mark.seq) != mark.head:
            return Disagree(reason="differs", county_through=welcome.through)
    return Continue(after=welcome.through, lowered=welcome.through < stream.receipted)
