"""Look at what waits by turns, so that a turn costs the same however much one station has left there.

What nobody can go on with stays where it is: a request of a card that is nobody's may be somebody's in a month. All of
that again in every turn would take longer than the turn, and a stolen station adds to it each day. So what came since
is looked at first, and of the rest that which was not looked at for the longest time.
"""

import datetime as dt
from collections.abc import Sequence


class LookedAt:
    """When a chore last looked at what waits. It is kept in memory: a new process looks at everything once more."""

    def __init__(self, *, most: int, again: dt.timedelta) -> None:
        """Look at ``most`` in one turn, and at nothing twice within ``again``."""
        self._most = most
        self._again = again
        self._at: dict[int, dt.datetime] = {}

    def choose(self, waiting: Sequence[int], now: dt.datetime) -> set[int]:
        """Return which of all that waits, by key, are looked at in this turn."""
        self._at = {key: self._at[key] for key in waiting if key in self._at}
        new = [key for key in waiting if key not in self._at]
        # By a clock that went back everything is due.
        due = [key for key, at in self._at.items() if not dt.timedelta(0) <= now - at < self._again]
        due.sort(key=self._at.__getitem__)
        chosen = [*new, *due][: self._most]
        self._at.update(dict.fromkeys(chosen, now))
        return set(chosen)
