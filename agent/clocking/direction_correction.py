"""Who may correct which direction now: the card's owner, by three touches and a key in between.

A direction decides pay, and anybody can press a key: so a key alone changes nothing, and neither do touches alone. The
card's second touch offers the correction, a key chooses, and the same card's next touch makes it so. What is offered
and what is chosen is what the screens show; whatever they show next takes its place.
"""

from dataclasses import dataclass

from agent.clocking.touch_history import REPEAT_WITHIN_MS, RememberedTouch
from protocol.units import Direction, FactRef, Moment

AGAIN_WITHIN_MS = 10_000
"""The card's next touch comes at most so long after its last, or it offers nothing."""
CHOOSE_WITHIN_MS = 10_000
"""A direction is chosen at most so long after the touch that offered it."""
CONFIRM_WITHIN_MS = 10_000
"""The card is touched once more at most so long after the choice."""
_LATEST_MS = REPEAT_WITHIN_MS - CHOOSE_WITHIN_MS - CONFIRM_WITHIN_MS
"""The last touch that offers: the one that confirms must still repeat the touch that it is about."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A direction can be chosen for this touch."""

    seen: RememberedTouch
    until_ms: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A direction was chosen for this touch; its card's next touch makes it so."""

    seen: RememberedTouch
    direction: Direction
    until_ms: int


class DirectionCorrection:
    """What the screens offer: one offer, or one wish, or nothing."""

    def __init__(self) -> None:
        self._open: Offer | Wish | None = None

    def shows(self, open_now: Offer | Wish | None) -> None:
        """Another result is on the screens: what the one before offered is over."""
        self._open = open_now

    def touched_again(self, seen: RememberedTouch, at: Moment) -> Offer | None:
        """Return what a touch that repeats ``seen`` offers: in time after the card's last, it proves who asks."""
        in_time = seen.boot == at.boot and at.mono <= _again_until_ms(seen)
        seen.tapped = at.mono
        return Offer(seen, at.mono + CHOOSE_WITHIN_MS) if in_time else None

    def choose(self, touch: FactRef, direction: Direction, now: Moment) -> Wish | None:
        """Return the wish that a key made of the offer; None where this touch is not, or no longer, offered."""
        offer = self._open
        if not isinstance(offer, Offer) or offer.seen.ref != touch or now.mono > offer.until_ms:
            return None
        return Wish(offer.seen, direction, now.mono + CONFIRM_WITHIN_MS)

    def chosen(self, touch: FactRef) -> Wish | None:
        """Return what was chosen for this touch, if that is what the screens show."""
        return self._open if isinstance(self._open, Wish) and self._open.seen.ref == touch else None

    def confirmed_by(self, seen: RememberedTouch | None, at: Moment) -> Direction | None:
        """Return the direction that the next touch makes so, if it repeats the very touch of the wish in time."""
        wish = self._open
        if not isinstance(wish, Wish) or seen is not wish.seen or at.mono > wish.until_ms:
            return None
        return wish.direction


def again_within_ms(seen: RememberedTouch, now: Moment) -> int:
    """Return for how long from now the card, touched again, is offered a correction; 0 where it is not."""
    return max(0, _again_until_ms(seen) - now.mono) if seen.boot == now.boot else 0


def _again_until_ms(seen: RememberedTouch) -> int:
    return min(seen.tapped + AGAIN_WITHIN_MS, seen.mono + _LATEST_MS)
