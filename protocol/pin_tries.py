"""How often a PIN may be guessed: agent and county count by this one rule.

Four wrong tries are free. The fifth locks the number for an hour. After each lock one more try is evaluated, and if
it is wrong the next lock is twice as long. A week without a wrong try takes one away, so that a person who mistypes
now and then is never locked. A right PIN takes none away, because otherwise each sign-in of the owner would be worth
guesses to somebody else. Whoever guesses for 90 days has at most 20 tries of a million, at each place that counts for
itself.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.units import WallMs

LOCKS_AT = 5
"""The wrong try that locks: one fewer is free."""
FIRST_LOCK_MS = 3_600_000
DAY_MS = 86_400_000
FORGET_MS = 7 * DAY_MS
MOST_PEOPLE_A_DAY = 8
"""If PINs of so many numbers were mistyped at a station within a day, it judges no other number's: somebody is trying
one PIN on everybody."""
MOST_DOUBLINGS = 10
"""The longest lock is six weeks; the township can end each."""
MOST_FAILS = 1_000


class PinTries(Message, frozen=True, kw_only=True, array_like=True):
    """``[fails, last]``: the wrong tries that still count, and when the last one was."""

    fails: Annotated[int, Meta(ge=0, le=MOST_FAILS)] = 0
    last: WallMs = 0


NO_TRIES = PinTries()


def standing(tries: PinTries, now: WallMs) -> int:
    """Return how many wrong tries count now. A clock that was set back forgets nothing."""
    return max(0, tries.fails - max(0, now - tries.last) // FORGET_MS)


def locked_ms(tries: PinTries, now: WallMs) -> int:
    """Return for how long from now no try is evaluated; 0 if one may be made.

    Where the clock was set back behind the last try, the whole lock begins again: nobody gains by setting a clock.
    """
    # By what counted at the last try: what a week forgets makes no lock shorter that runs already.
    if tries.fails < LOCKS_AT:
        return 0
    lock_ms = FIRST_LOCK_MS << min(tries.fails - LOCKS_AT, MOST_DOUBLINGS)
    return max(0, lock_ms - max(0, now - tries.last))


def failed(tries: PinTries, now: WallMs) -> PinTries:
    """Return the count with one more wrong try."""
    return PinTries(fails=min(standing(tries, now) + 1, MOST_FAILS), last=max(now, 0))


def together(one: PinTries, other: PinTries, now: WallMs) -> PinTries:
    """Return that one of two counts by which more tries count now. Both may have seen the same tries."""
    return max(one, other, key=lambda tries: (standing(tries, now), tries.last))
