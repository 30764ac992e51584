"""What a change of somebody's posts or registration does to their duty, said before it is confirmed.

It is said and not refused, because posts stand below rosters: on such a date one of two windows is off, and the
township looks at it (docs/rules.md, 1.1).
"""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from server_broker.accounts.scope import Viewer, scope
from server_broker.duty.due import Turn
from server_broker.duty.lost_turns import due_in, lost_words
from server_broker.duty.overlaps import Overlap, overlap_words, overlaps_in
from server_broker.duty.reading import Asked, turns_of
from server_broker.regions.models import subtree_prefix

LOOK_AHEAD = dt.timedelta(days=62)
MOST_TOLD = 10


class DutyBeside:
    """Looks at one person's duty before and after a change."""

    def __init__(self, viewer: Viewer, person: int) -> None:
        own = scope(viewer)
        self._prefix = "none" if own is None else subtree_prefix(own)
        self._person = person
        self._overlaps: set[Overlap] = set()
        self._dropped: list[Turn] = []
        self._lost: list[str] = []

    def watching(self, change: Callable[[str], object]) -> Callable[[str], None]:
        """Return the change, which is looked at when it is made."""

        def watched(reason: str) -> None:
            first = timezone.localdate()
            last = first + LOOK_AHEAD
            before = turns_of([self._person], Asked(first, last))
            change(reason)
            after = turns_of([self._person], Asked(first, last))
            self._overlaps = overlaps_in(after) - overlaps_in(before)
            self._dropped = [turn for turn in after if turn.is_dropped]
            self._lost = lost_words(due_in(before), after, prefix=self._prefix)

        return watched

    def notes(self) -> list[str]:
        """Return a sentence for what is no longer due, where two windows meet, and of what was taken over in vain."""
        told = [*self._lost]
        told += list(overlap_words(sorted(self._overlaps), prefix=self._prefix).values())
        told += [f"{turn.day} 换来的值班“{turn.window.name}”没有人值，请在“排班”里另排人" for turn in self._dropped]
        more = [f"另有 {len(told) - MOST_TOLD} 处没有列出，确认以后请看“谁该到岗”"] if len(told) > MOST_TOLD else []
        return [*told[:MOST_TOLD], *more]
