"""Decide who may correct which direction now: only the card's owner, with the card and a key.

A direction decides pay, and anybody can press a key. So a key alone changes nothing, and touches alone change nothing.
The order is: the first touch records; the second touch of the card offers the correction; a key chooses the direction;
the next touch of the same card confirms it. Only what the screens show can be chosen or confirmed: as soon as they show
something else, the offer or the choice before it is over.
"""

from msgspec import Struct

from agent.clocking.touch_history import REPEAT_WITHIN_MS, RememberedTouch
from protocol.units import Direction, FactRef, Moment

AGAIN_WITHIN_MS = 10_000
"""After a touch: the card's next touch must come within this time to offer the correction."""
CHOOSE_WITHIN_MS = 10_000
"""After the touch that offers it: the time in which a direction can be chosen."""
CONFIRM_WITHIN_MS = 10_000
"""After the choice: the time in which the card must be touched once more."""
_LATEST_MS = REPEAT_WITHIN_MS - CHOOSE_WITHIN_MS - CONFIRM_WITHIN_MS
"""After the first touch: the latest time for the touch that offers the correction. The confirming touch comes later and
must still repeat the first one, so it must be within `REPEAT_WITHIN_MS` of it."""


class Offer(Struct, frozen=True):
    """A direction can be chosen for this touch."""

    seen: RememberedTouch
    until_ms: int


class Wish(Struct, frozen=True):
    """A direction was chosen for this touch; its card's next touch confirms it."""

    seen: RememberedTouch
    direction: Direction
    until_ms: int


class DirectionCorrection:
    """Knows what the screens show: one offer, or one wish, or neither."""

    def __init__(self) -> None:
        self._open: Offer | Wish | None = None

    def shows(self, open_now: Offer | Wish | None) -> None:
        """Note what the screens show from now on; what they showed before can no longer be chosen or confirmed."""
        self._open = open_now

    def touched_again(self, seen: RememberedTouch, at: Moment) -> Offer | None:
        """Return the offer for a touch that repeats ``seen``, or None if it came too late."""
        in_time = seen.boot == at.boot and at.mono <= _again_until_ms(seen)
        seen.tapped = at.mono
        return Offer(seen, at.mono + CHOOSE_WITHIN_MS) if in_time else None

    def choose(self, touch: FactRef, direction: Direction, now: Moment) -> Wish | None:
        """Return the wish that a key makes of the offer, or None if the touch is not offered, or no longer."""
        offer = self._open
        if not isinstance(offer, Offer) or offer.seen.ref != touch or now.mono > offer.until_ms:
            return None
        return Wish(offer.seen, direction, now.mono + CONFIRM_WITHIN_MS)

    def chosen(self, touch: FactRef) -> Wish | None:
        """Return the wish for this touch, if the screens show it."""
        return self._open if isinstance(self._open, Wish) and self._open.seen.ref == touch else None

    def confirmed_by(self, seen: RememberedTouch | None, at: Moment) -> Direction | None:
        """Return the direction that this touch confirms, or None.

        Args:
            seen: The touch that it repeats. It must be the very touch of the wish, and in time.
        """
        wish = self._open
        if not isinstance(wish, Wish) or seen is not wish.seen or at.mono > wish.until_ms:
            return None
        return wish.direction


def again_within_ms(seen: RememberedTouch, now: Moment) -> int:
    """Return for how long from now another touch of the card offers a correction; 0 if it does not."""
    return max(0, _again_until_ms(seen) - now.mono) if seen.boot == now.boot else 0


def _again_until_ms(seen: RememberedTouch) -> int:
    return min(seen.tapped + AGAIN_WITHIN_MS, seen.mono + _LATEST_MS)
